"""How often a sentence ends with a word, in log-odds against the average word.

English values were counted in some 300,000 sentences of spoken and written requests, of the
Schema-Guided Dialogue corpus (Rastogi et al. 2020) and Taskmaster-4 (2024), averaged with a
trigram model of broadcast news where a word is rare, and rounded.
"""

from parley.core.phrases import plain

OTHER_WORDS = 0.5
"""The value of words that are not listed: names of things, mostly."""

_ENGLISH = {
    -3.0: """
        a able an and as because but dot gave give gonna gotta has he's how hyphen i i'd
        i'll i'm i've if it'll it's let let's makes might my of our per put shall some
        supposed thank that's the their they they'll they're they've took turned underscore
        very wanna we we'll we're we've what's whether who's would you'd you'll you're
        you've your
    """,
    -2.0: """
        about against allow almost although always any appreciate are at been between bring
        by called came can cannot comes could couldn't couple de decided directed don't
        during each especially even every find finding for from get gets getting glad got
        had have having he his including into is isn't just keep kind kinda looked looking
        looks main make making many may must near never new next non on or pick picking
        pretty quite rather seem seems send several she should since sit so sounds still
        such takes taking tell than these to told towards trying under unless until usually
        via was went were western what when where which while who will within without
        wouldn't
    """,
    -1.0: """
        across actually add after also another aren't around ask average based basically be
        become bed being believe big both bought buy can't certainly chance child come
        consider current currently cut delta did didn't does doesn't drop eighty extra feel
        few fifty following forty found full given goes going half hate haven't heard her
        high hold hope hundred in its kill knew large last least leaves like likely listen
        lived long look love maybe mean meet middle most moved named need ninety not oh once
        only other over past personal phone planning play plus probably reach really regular
        rest round saw say seeing seventy she's short simply single sixty small somebody
        someone something sort spend stand starting take taken talking that then there's
        think third thirty this those thought thousand till totally tried try turn twenty
        type used using vs want wants wasn't whole why wish with won't wonder worth
    """,
    0.0: """
        ah air all along already am anyone anything asked bank before begin behind best bit
        book booking break business call change changed clear close coming completely
        confirm continue cost definitely different difficult do doing down early east eight
        end enjoy ever everybody everyone expect expected fact family far favorite feeling
        fight first five fly four go green guess hard hear hey hit however imagine important
        inside interested it know known knows learn leave leaving left less little live
        living longer lose lost low made march means million more move name needs nine no
        north nothing obviously off offer old one open order out outside own paid part
        particular pay perhaps plan played playing post prefer rate rated read reading ready
        real reason recommend remember reserve return returning run running same saying says
        schedule scheduled search second see seen sell sent serve set seven share showing
        shows six size sometimes somewhere sound south speed started starts stay suggest
        support talk ten things thinking three through top total train transfer twelve two
        understand unfortunately up use wait walk wanted watch watching west whatever worked
        working yeah years you young zero
    """,
    1.0: """
        account added address ahead alone alright available away bar beach center concert
        course dates destination difference done drive either exactly food friday friendly
        future good great happen him home idea information instead issue issues job lane
        life line list location man mine minute monday myself needed ok okay option park
        party person please possible problems process questions range results road room
        rooms situation stops street stuff themselves thing thursday together topic town
        trip true valley view way wednesday well work works world worse wow wrong yep
        yourself
    """,
    2.0: """
        afternoon again ago anyway area awesome bye com cool correct day days else evening
        field fine fun hello here hour huh later mind minutes moment month morning net night
        nope now org others perfect problem right shortly soon thanks though today tomorrow
        too tuesday week welcome yet
    """,
}

_LANGUAGES = {
    "en": {word: value for value, words in _ENGLISH.items() for word in words.split()},
}


def completeness(text: str, language: str) -> float:
    """What its last word says about the end of a sentence, -3 to 2; 0 where that is unknown."""
    words, known = plain(text).split(), _LANGUAGES.get(language)
    return known.get(words[-1], OTHER_WORDS) if words and known else 0.0
