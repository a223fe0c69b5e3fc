"""What holds for every test."""

from hypothesis import settings

settings.register_profile("parley")  # a busy machine is no failure
settings.load_profile("parley")
