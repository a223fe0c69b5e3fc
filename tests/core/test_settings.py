from timeline import settings

from parley.core.settings import Settings, cached_phrases


def test_everything_that_may_be_said_from_the_cache_is_listed_once() -> None:
    chosen = settings(
        greeting="Hello.",
        end_message="Thank you.",
        silence={"prompts": ("Hello?", "Hello?")},
        phrases={"fillers": ("Hm.", "Hello."), "apology": "Oh.", "unclear": "", "gap": "Oh."},
    )
    defaults = Settings().phrases
    assert cached_phrases(chosen) == (
        "Hello.",
        "Thank you.",
        "Hm.",
        "Hello?",
        "Oh.",
        defaults.lost_thread,
        defaults.failure_goodbye,
        defaults.silence_goodbye,
        defaults.duration_goodbye,
    )


def test_what_is_empty_is_not_said() -> None:
    assert "" not in cached_phrases(Settings())
