"""What a language's spelling tells about where its sentences end.

The lists hold what assistants say; they need not be complete. A missing abbreviation
costs one pause too many, a wrong one joins two sentences.
"""

from dataclasses import dataclass


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Orthography:
    """Spelling of one language; every word in lower case, without its last full stop.

    `leading`: abbreviations that something always follows (Mr., e.g.).
    `numbered`: abbreviations only before a number (No. 5).
    `closing`: abbreviations that end the sentence when a capital follows (p.m., etc.),
    except the words of `after_closing` (5 p.m. Eastern).
    `common`: abbreviations that end it only before one of `starters`, as do initials.
    `starters`: words that, with a capital, begin a sentence.
    `joiners`: words before the last item of a list.
    `connectives`: words before which a long sentence may be cut.
    `beside_numbers`: words that are said in one breath with the number beside them (5 million).
    `ordinals`: a number with a full stop counts (der 3. Mai).
    """

    leading: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    closing: frozenset[str] = frozenset()
    after_closing: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    starters: frozenset[str] = frozenset()
    joiners: frozenset[str] = frozenset()
    connectives: frozenset[str] = frozenset()
    beside_numbers: frozenset[str] = frozenset()
    ordinals: bool = False


_ENGLISH = Orthography(
    leading=_set("mr mrs ms mx dr prof rev hon gen col lt sgt capt gov sen rep pres mt")
    | _set("e.g i.e eg ie cf vs approx viz ca"),
    numbered=_set("no nos nr fig figs vol ch sec art ext apt ste pp par sat sun"),
    closing=_set("a.m p.m etc al"),
    after_closing=_set("monday tuesday wednesday thursday friday saturday sunday")
    | _set("eastern central mountain pacific atlantic greenwich local et ct mt pt"),
    common=_set("st ave blvd rd inc ltd co corp llc jr sr dept est jan feb mar apr jun jul")
    | _set("aug sep sept oct nov dec ft lb lbs oz hr hrs min mins ph.d mon tue tues wed thu thurs")
    | _set("fri"),
    starters=_set("the a an it its it's this that these those there here he she we we'll we're")
    | _set("you you'll you're they i'll i'm i've if in on at for from to and but so or then")
    | _set("what when where which who why how is are do does did can could would will should")
    | _set("may please let let's just also however after before my your our their his her")
    | _set("yes no not now once as any anything would thank thanks sorry sure"),
    joiners=_set("and or"),
    connectives=_set("and or but because so that which who when while if unless although")
    | _set("though where than with without for from in on at by about after before")
    | _set("during until since through between into"),
    beside_numbers=_set("hundred thousand million billion trillion percent dollars euros pounds")
    | _set("am pm a.m p.m o'clock january february march april may june july august september")
    | _set("october november december jan feb mar apr jun jul aug sep sept oct nov dec"),
)

_GERMAN = Orthography(
    leading=_set("hr fr dr prof dipl st z.b d.h u.a bzw ca evtl ggf inkl vgl zzgl sog str"),
    numbered=_set("nr abs art kap"),
    common=_set("usw etc jan feb mär apr jun jul aug sep sept okt nov dez tel min std"),
    starters=_set("der die das ein eine es er sie wir ich ihr du dies diese dieser hier da")
    | _set("wenn im in am an auf für und aber oder dann was wann wo wer wie warum ist sind")
    | _set("haben möchten können bitte danke ja nein nun danach außerdem"),
    joiners=_set("und oder"),
    connectives=_set("und oder aber weil dass denn sondern wenn als ob während damit obwohl")
    | _set("mit ohne für von aus in im an am auf bei nach vor über unter zwischen bis"),
    beside_numbers=_set("tausend million millionen milliarden prozent euro dollar uhr januar")
    | _set("februar märz april mai juni juli august september oktober november dezember"),
    ordinals=True,
)

_SPANISH = Orthography(
    leading=_set("sr sra srta dr dra prof ud uds d dña ej aprox vs"),
    numbered=_set("núm pág págs art cap tel ext"),
    closing=_set("a.m p.m etc"),
    common=_set("ee.uu ee uu av avda ene feb abr jun jul ago sept oct nov dic"),
    starters=_set("el la los las un una es esto esta este hay yo usted si en a para por y pero")
    | _set("qué cuándo dónde quién cómo cuál puede quiere gracias sí no luego después también"),
    joiners=_set("y e o u"),
    connectives=_set("y e o u pero porque que si cuando aunque mientras donde como con sin")
    | _set("para por desde hasta en entre sobre"),
)

_FRENCH = Orthography(
    leading=_set("mm dr pr st ste p.ex env av cf c.-à-d"),
    numbered=_set("no pp art chap tél vol"),
    closing=_set("etc"),
    common=_set("janv févr avr juil sept oct nov déc bd boul min"),
    starters=_set("le la les un une des il elle on nous vous je c'est ce cette ces si en à pour")
    | _set("et mais ou puis que quand où qui comment pourquoi est voulez pouvez merci oui non"),
    joiners=_set("et ou"),
    connectives=_set("et ou mais parce car que qui si quand lorsque où donc avec sans pour par")
    | _set("dans en sur sous entre depuis pendant jusque"),
)

_LANGUAGES = {"en": _ENGLISH, "de": _GERMAN, "es": _SPANISH, "fr": _FRENCH}
_UNKNOWN = Orthography()


def orthography(language: str) -> Orthography:
    """Return the spelling of a BCP 47 language tag; an unknown one has no abbreviations."""
    return _LANGUAGES.get(language.replace("_", "-").split("-")[0].lower(), _UNKNOWN)
