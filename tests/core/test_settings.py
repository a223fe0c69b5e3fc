from timeline import settings

from parley.core.settings import AttendingSettings, Settings, ToolPhrase, cached_phrases

OH = {"apology": "Oh.", "unclear": "", "gap": "Oh."}
WAITING = {"working": ("Well.",), "still": (), "tools": (ToolPhrase("book", "I book it."),)}


def test_everything_that_may_be_said_from_the_cache_is_listed_once() -> None:
    chosen = settings(
        greeting="Hello.",
        end_message="Thank you.",
        silence={"prompts": ("Hello?", "Hello?")},
        phrases=WAITING | {"fillers": ("Hm.", "Hello.")} | OH,
    )
    defaults = Settings().phrases
    assert cached_phrases(chosen) == (
        "Hello.",
        "Thank you.",
        "Hm.",
        "Well.",
        "I book it.",
        "Hello?",
        "Oh.",
        defaults.lost_thread,
        defaults.failure_goodbye,
        defaults.silence_goodbye,
        defaults.duration_goodbye,
    )


def test_backchannels_are_among_them_where_they_are_wanted() -> None:
    words = AttendingSettings().words
    assert set(words) & set(cached_phrases(Settings())) == set()
    chosen = settings(attending={"enabled": True})
    assert set(words) <= set(cached_phrases(chosen))


def test_what_is_empty_is_not_said() -> None:
    assert "" not in cached_phrases(Settings())
