"""What listeners say without wanting the floor, what takes it at once, and what keeps it, by
language."""

from collections.abc import Mapping

from parley.core.phrases import ACKNOWLEDGEMENTS, HESITATIONS, MOMENTS, ORDERS

MULTI = "multi"
"""The language of a caller who may speak any of them, as recognisers and VAPI call it."""

ANYWHERE = (
    "mhm", "mm", "mm-hmm", "hm", "hmm", "uh-huh", "uh huh", "aha", "ah", "oh", "ok", "okay",
)  # fmt: skip
"""Continuers of most languages, for those that have no list."""

SOUNDS = ("um", "umm", "uh", "uhm", "ehm")
"""Hesitations, likewise."""

LISTENERS: dict[str, tuple[str, ...]] = {
    "en": ACKNOWLEDGEMENTS,
    "de": (
        "mhm", "hm", "hmm", "mm", "aha", "ah", "ach", "ach so", "achso", "ja", "jaja", "jap",
        "jo", "joa", "okay", "ok", "gut", "genau", "stimmt", "klar", "alles klar", "verstehe",
        "ich verstehe", "richtig", "schön", "super", "in ordnung", "na klar", "echt",
        "ja genau", "ach ja", "sicher", "natürlich",
    ),
    "es": (
        "mhm", "mm", "hmm", "ajá", "aja", "ah", "oh", "sí", "si", "ya", "vale", "ok", "okay",
        "okey", "bueno", "bien", "claro", "claro que sí", "entiendo", "ya veo", "de acuerdo",
        "exacto", "eso", "eso es", "cierto", "perfecto", "muy bien", "correcto", "por supuesto",
    ),
    "fr": (
        "mhm", "mm", "hmm", "hum", "ah", "oh", "oui", "ouais", "mouais", "ok", "okay",
        "d'accord", "bien", "très bien", "bien sûr", "je vois", "je comprends", "voilà",
        "c'est ça", "exact", "exactement", "ah bon", "ah oui", "entendu", "parfait", "super",
        "tout à fait",
    ),
    "it": (
        "mhm", "mm", "hmm", "ah", "oh", "eh", "aha", "sì", "si", "già", "ok", "okay", "okey",
        "va bene", "bene", "certo", "capisco", "ho capito", "capito", "esatto", "giusto",
        "d'accordo", "perfetto", "ah ecco", "ecco", "davvero", "certamente",
    ),
    "pt": (
        "mhm", "mm", "hmm", "hum", "uhum", "aham", "ah", "oh", "sim", "é", "pois", "pois é",
        "ok", "okay", "tá", "tá bom", "está bem", "certo", "claro", "entendi", "entendo",
        "percebo", "bom", "beleza", "isso", "exato", "exatamente", "com certeza", "perfeito",
    ),
    "nl": (
        "mhm", "mm", "hmm", "hm", "aha", "ah", "oh", "ja", "jaja", "jawel", "oké", "oke", "ok",
        "okay", "goed", "prima", "precies", "klopt", "juist", "natuurlijk", "zeker",
        "ik snap het", "ik begrijp het", "duidelijk", "o ja", "oh ja", "mooi", "echt",
    ),
    "zh": (
        "嗯", "唔", "哦", "噢", "啊", "哎", "对", "對", "是", "是的", "对的", "對的", "好",
        "好的", "行", "可以", "没错", "沒錯", "明白", "知道", "知道了", "了解", "这样", "這樣",
        "这样啊", "原来如此", "ok", "okay",
    ),
    "ja": (
        "うん", "うんうん", "ええ", "はい", "はいはい", "ああ", "あ", "へえ", "へー", "ほう",
        "なるほど", "そう", "そうです", "そうですね", "そうですか", "そっか", "たしかに",
        "確かに", "了解", "了解です", "わかりました", "分かりました", "ふーん", "ok",
    ),
    "hi": (
        "हाँ", "हां", "हा", "जी", "जी हाँ", "जी हां", "हम्म", "हूँ", "हूं", "अच्छा", "ठीक",
        "ठीक है", "सही", "सही है", "बिल्कुल", "समझ गया", "समझ गई", "ओके", "ok", "okay", "haan",
        "ji", "accha", "achha", "theek hai",
    ),
}  # fmt: skip
"""Continuers and assessments. Some may be answers too; to a question that was heard they are."""

STOPPING: dict[str, tuple[str, ...]] = {
    "en": ORDERS,
    "de": ("stopp", "stop", "halt", "warte", "warten sie", "moment", "nein", "genug"),
    "es": ("para", "pare", "espera", "espere", "un momento", "no", "basta"),
    "fr": ("stop", "arrête", "arrêtez", "attends", "attendez", "un moment", "non"),
    "it": ("stop", "ferma", "fermati", "aspetta", "aspetti", "un momento", "no", "basta"),
    "pt": ("para", "pare", "espera", "espere", "um momento", "não", "chega"),
    "nl": ("stop", "wacht", "momentje", "nee", "genoeg"),
    "zh": ("停", "等一下", "等等", "不是", "不对", "别说了"),
    "ja": ("待って", "ちょっと待って", "止めて", "やめて", "いいえ", "違います"),
    "hi": ("रुको", "रुकिए", "एक मिनट", "नहीं", "बस"),
}  # fmt: skip
"""Words that stop who speaks. Moonshine hears none of the English ones by itself in noise."""

OBJECTING: dict[str, tuple[str, ...]] = {
    "en": ("but", "actually"),
    "de": ("aber",),
    "es": ("pero",),
    "fr": ("mais",),
    "it": ("ma",),
    "pt": ("mas",),
    "nl": ("maar",),
    "zh": ("但是",),
    "ja": ("でも",),
    "hi": ("लेकिन",),
}
"""Words with which an objection begins."""


WAITING: dict[str, tuple[str, ...]] = {
    "en": MOMENTS,
    "de": (
        "moment", "einen moment", "moment mal", "einen augenblick", "augenblick", "eine sekunde",
        "eine minute", "warten sie", "warte mal", "warte kurz", "bleiben sie dran",
        "bin gleich wieder da", "bin gleich zurück", "ich schaue mal", "ich schaue kurz nach",
    ),
    "es": (
        "un momento", "un momentito", "un segundo", "un minuto", "espere", "espera",
        "no cuelgue", "ahora vuelvo", "déjeme ver", "déjame ver",
    ),
    "fr": (
        "un moment", "un instant", "une seconde", "une minute", "attendez", "attends",
        "ne quittez pas", "ne raccrochez pas", "patientez", "je reviens", "je vérifie",
    ),
    "it": (
        "un momento", "un attimo", "un secondo", "un minuto", "aspetti", "aspetta", "attenda",
        "resti in linea", "torno subito",
    ),
    "pt": (
        "um momento", "um momentinho", "um segundo", "um minuto", "espere", "espera", "aguarde",
        "só um momento", "não desligue", "já volto",
    ),
    "nl": (
        "een moment", "momentje", "een ogenblik", "ogenblikje", "een seconde", "een minuut",
        "wacht even", "blijf aan de lijn", "ben zo terug",
    ),
    "zh": ("等一下", "等等", "稍等", "请稍等", "等一会儿", "别挂", "别挂电话", "请等一下"),
    "ja": (
        "待って", "ちょっと待って", "ちょっと待ってください", "お待ちください",
        "少々お待ちください",
    ),
    "hi": ("एक मिनट", "एक सेकंड", "रुकिए", "रुको", "ज़रा रुकिए", "होल्ड कीजिए"),
}  # fmt: skip
"""How a caller asks for time."""

COURTESIES = (
    "please", "thanks", "thank you", "ok", "okay", "sir", "madam", "ma'am",
    "for me", "a moment", "a minute", "a second", "a sec", "it", "that",
    "bitte", "danke", "mal", "kurz", "noch", "eben", "por favor", "gracias",
    "un poco", "un poquito", "un ratito", "s'il vous plaît", "s'il te plaît",
    "svp", "merci", "per favore", "per piacere", "grazie", "un po'", "solo",
    "por gentileza", "obrigado", "obrigada", "um pouco", "um pouquinho", "aí",
    "alstublieft", "alsjeblieft", "even", "hoor", "dank u", "谢谢", "謝謝", "好吗",
    "好嗎", "吧", "啊", "哈", "哦", "ね", "よ", "お願いします", "すみません", "कृपया", "प्लीज़",
    "प्लीज", "ज़रा", "जी",
)  # fmt: skip
"""What is said after asking for time, and says nothing else."""

SEARCHES = ("let me", "ich schaue", "déjeme ver", "déjame ver", "je vérifie")
"""With what a request for time begins that may say what for ("let me find my card")."""

SOUGHT = (
    "my", "our", "the", "a", "an", "some", "if", "for", "in", "with", "mein", "meine", "meinen",
    "meinem", "meiner", "den", "die", "das", "im", "nach", "ob", "mi", "mis", "el", "la", "los",
    "las", "si", "en", "mon", "ma", "mes", "le", "les", "dans",
)  # fmt: skip
"""Words with which that begins."""

FILLED: dict[str, tuple[str, ...]] = {
    "en": HESITATIONS,
    "de": ("äh", "ähm", "öh", "öhm", "ehm"),
    "es": ("em", "ehm", "eeh"),
    "fr": ("euh", "heu", "euhm"),
    "it": ("ehm", "uhm"),
    "pt": ("ehm", "uhm"),
    "nl": ("uh", "uhm", "ehm", "euh"),
    "zh": ("呃",),
    "ja": ("えと", "えっと", "えーと", "あの", "あのー", "ええと"),
}  # fmt: skip
"""Sounds with which a speaker keeps the floor; no word among them."""


def acknowledgements(language: str) -> tuple[str, ...]:
    """Those of a BCP 47 language tag, or of all languages ("multi"); of an unknown one the
    common ones.
    """
    return _of(LISTENERS, language, ANYWHERE)


def orders(language: str) -> tuple[str, ...]:
    """Those of `STOPPING`, likewise; of an unknown language none."""
    return _of(STOPPING, language)


def commands(language: str) -> tuple[str, ...]:
    """Words that take the floor even where more words are asked for."""
    return orders(language) + _of(OBJECTING, language)


def moments(language: str) -> tuple[str, ...]:
    """Those of `WAITING`, likewise; of an unknown language none."""
    return _of(WAITING, language)


def hesitations(language: str) -> tuple[str, ...]:
    """Those of `FILLED`, likewise; of an unknown language the common ones."""
    return _of(FILLED, language, SOUNDS)


def _of(
    phrases: Mapping[str, tuple[str, ...]], language: str, unknown: tuple[str, ...] = ()
) -> tuple[str, ...]:
    if primary(language) != MULTI:
        return phrases.get(primary(language), unknown)
    return tuple(dict.fromkeys(phrase for some in phrases.values() for phrase in some))


def primary(language: str) -> str:
    """The language of a tag, without its region."""
    return language.lower().replace("_", "-").split("-")[0]
