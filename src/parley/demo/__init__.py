"""The demo that runs when no assistant is named: a clinic's front desk."""
