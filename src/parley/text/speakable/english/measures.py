"""What is measured: 3rd, 5 km, 20°C, 10-20%, 5'10", 2h 30m, 5-mile."""

import re

from parley.text.speakable.english.numbers import (
    LONGEST,
    NUMBER,
    Dialect,
    cardinal,
    counted,
    number,
    ordinal,
)
from parley.text.speakable.rules import Rule

_PLURALS = {
    "km": "kilometer",
    "cm": "centimeter",
    "mm": "millimeter",
    "m": "meter",
    "mi": "mile",
    "yd": "yard",
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "mcg": "microgram",
    "µg": "microgram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "l": "liter",
    "L": "liter",
    "ml": "milliliter",
    "mL": "milliliter",
    "gal": "gallon",
    "kW": "kilowatt",
    "MW": "megawatt",
    "W": "watt",
    "kWh": "kilowatt hour",
    "V": "volt",
    "mAh": "milliamp hour",
    "kcal": "kilocalorie",
    "cal": "calorie",
    "KB": "kilobyte",
    "kB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "dB": "decibel",
    "px": "pixel",
    "min": "minute",
    "mins": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "sec": "second",
    "secs": "second",
    "s": "second",
    "ms": "millisecond",
    "yr": "year",
    "yrs": "year",
    "wk": "week",
    "wks": "week",
    "m²": "square meter",
    "km²": "square kilometer",
    "m³": "cubic meter",
    "m2": "square meter",
    "km2": "square kilometer",
    "m3": "cubic meter",
    "°": "degree",
}
_UNITS = {short: (name, f"{name}s") for short, name in _PLURALS.items()} | {
    "ft": ("foot", "feet"),
    "sq ft": ("square foot", "square feet"),
    "sq. ft.": ("square foot", "square feet"),
    "sqft": ("square foot", "square feet"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "kmh": ("kilometer per hour", "kilometers per hour"),
    "m/s": ("meter per second", "meters per second"),
    "mph": ("mile per hour", "miles per hour"),
    "mpg": ("mile per gallon", "miles per gallon"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "bpm": ("beat per minute", "beats per minute"),
    "fps": ("frame per second", "frames per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Mbit/s": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "kbps": ("kilobit per second", "kilobits per second"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "° C": ("degree Celsius", "degrees Celsius"),
    "ºC": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "° F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "%": ("percent", "percent"),
    "k": ("thousand", "thousand"),
}
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))

_TO = r"\s?[-–—]\s?"
_MEASURE = re.compile(
    rf"(?<![\w.,:/-])(?:(?P<low>{NUMBER})\s?(?P<low_unit>{_UNIT})?{_TO})?"
    rf"(?P<high>{NUMBER})(?P<between>[\s-]?)(?P<unit>{_UNIT})(?![\w²³])(?!['’]\w)"
)
_ORDINAL = re.compile(
    rf"(?<![\w.])(\d{{1,3}}(?:,\d{{3}})+|\d{{1,{LONGEST}}})(?:st|nd|rd|th)\b", re.IGNORECASE
)
_MINUS = re.compile(r"(?<![\w)\]%°.,])[-−](?=\.?\d)")
_HOURS_MINUTES = re.compile(r"(?<![\w.,:/-])(\d{1,2})h\s?(\d{1,2})(?:m|min)?\b")
_FEET_INCHES = re.compile(r"(?<![\w.,])(\d)['’′]\s?(\d{1,2})(?:[\"”″]|''|(?!\w))")


def rules(dialect: Dialect) -> tuple[Rule, ...]:
    def measure(match: re.Match[str]) -> str | None:
        low, low_unit, high, between, unit = match.groups()
        if between and unit == "k":
            return None
        one, many = _UNITS[unit]
        words = f"{number(low, dialect)} to " if low else ""
        if low_unit and low_unit != unit:
            words = f"{counted(low, *_UNITS[low_unit], dialect)} to "
        if between == "-":
            return f"{words}{number(high, dialect)} {one}"
        return words + counted(high, one, many, dialect)

    def hours_minutes(match: re.Match[str]) -> str:
        hours = counted(match[1], "hour", "hours", dialect)
        return f"{hours} {counted(str(int(match[2])), 'minute', 'minutes', dialect)}"

    def feet_inches(match: re.Match[str]) -> str:
        return f"{cardinal(int(match[1]))} foot {cardinal(int(match[2]))}"

    def nth(match: re.Match[str]) -> str | None:
        text = match[1].replace(",", "")
        return ordinal(int(text), dialect) if len(text) <= LONGEST else None

    return (
        Rule(_ORDINAL, nth),
        Rule(_HOURS_MINUTES, hours_minutes, frozenset("h")),
        Rule(_FEET_INCHES, feet_inches, frozenset("'’′")),
        Rule(_MINUS, lambda _: "minus ", frozenset("-−")),
        Rule(_MEASURE, measure),
    )
