"""The model of a grammar's sentences: sums, form, and what the decoder makes of it."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pocketsphinx import Config, LogMath, NGramModel

from parley.providers.stt.jsgf import Grammar
from parley.providers.stt.ngrams import END, START, arpa

HEAD = "#JSGF V1.0; grammar g; "
DATE = HEAD + (
    "public <g> = /3/ <day> | on <day> please | um | xyzzq <day> xyzzq;"
    "<day> = /6/ <weekday> | next <weekday> | the <nth> [of (may | june)];"
    "<weekday> = monday | tuesday | /0.0001/ friday; <nth> = (first | second | third)+;"
)

Gram = tuple[str, ...]
Probabilities = dict[Gram, tuple[float, float]]


def known(grammar: Grammar) -> set[str]:
    return set(grammar.words) - {"xyzzq"}


@pytest.fixture(scope="module")
def model() -> str:
    grammar = Grammar(DATE)
    return arpa(grammar, known(grammar))


def read(text: str) -> tuple[list[int], list[Probabilities]]:
    """The counts of the head, and each order's probabilities and backoffs."""
    head, *sections, end = re.split(r"\n\n(?=\\)", text)
    assert end == "\\end\\\n"
    announced = [int(n) for n in re.findall(r"^ngram \d=(\d+)$", head, re.MULTILINE)]
    orders: list[Probabilities] = []
    for size, section in enumerate(sections, 1):
        title, *lines = section.splitlines()
        assert title == f"\\{size}-grams:"
        order: Probabilities = {}
        for line in lines:
            log, gram, *backoff = line.split("\t")
            assert len(backoff) == (size < 3)
            order[tuple(gram.split())] = 10 ** float(log), 10 ** float(*backoff or ["0"])
        assert len(order) == len(lines)
        orders.append(order)
    return announced, orders


def probability(gram: Gram, orders: list[Probabilities]) -> float:
    if gram in orders[len(gram) - 1]:
        return orders[len(gram) - 1][gram][0]
    history = orders[len(gram) - 2].get(gram[:-1], (0.0, 1.0))
    return history[1] * probability(gram[1:], orders)


def test_what_the_head_announces_is_there(model: str) -> None:
    announced, orders = read(model)
    assert announced == [len(order) for order in orders]
    assert announced[0] == len(known(Grammar(DATE))) + 2


def test_after_every_history_the_probabilities_sum_to_one(model: str) -> None:
    _, orders = read(model)
    words = [gram[0] for gram in orders[0] if gram != (START,)]
    histories: list[Gram] = [(), *orders[0], *orders[1], ("please", "monday")]
    for history in histories:
        if END not in history:
            total = sum(probability((*history, word), orders) for word in words)
            assert total == pytest.approx(1, abs=1e-3), history


def test_what_is_said_more_often_is_more_probable(model: str) -> None:
    _, orders = read(model)
    said = probability((START, "monday"), orders), probability((START, "friday"), orders)
    assert said[0] > 100 * said[1] > 0
    assert probability(("on", "monday"), orders) > 20 * probability(("on", "please"), orders) > 0


def test_around_words_that_are_not_known_the_rest_is_said(model: str) -> None:
    _, orders = read(model)
    assert ("xyzzq",) not in orders[0]
    assert (START, "monday", END) in orders[2]


@pytest.mark.parametrize("rules", ["public <g> = xyzzq | (xyzzq);", "public <g> = <NULL>;"])
def test_a_grammar_that_says_nothing_is_refused(rules: str) -> None:
    grammar = Grammar(HEAD + rules)
    with pytest.raises(ValueError, match="no sentence"):
        arpa(grammar, known(grammar))


def test_a_grammar_whose_sentences_do_not_end_is_refused() -> None:
    grammar = Grammar(f"{HEAD} public <g> = {'a ' * 1000};")
    with pytest.raises(ValueError, match="comes to an end"):
        arpa(grammar, {"a"})


def test_the_model_is_the_same_in_every_process(model: str) -> None:
    script = (
        "import sys; from parley.providers.stt.jsgf import Grammar;"
        "from parley.providers.stt.ngrams import arpa; grammar = Grammar(sys.argv[1]);"
        "sys.stdout.write(arpa(grammar, set(grammar.words) - {'xyzzq'}))"
    )
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", script, DATE],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        assert run.stdout == model


def test_the_decoder_reads_the_same_probabilities(model: str, tmp_path: Path) -> None:
    path = tmp_path / "model.arpa"
    path.write_text(model)
    log = LogMath()
    loaded = NGramModel(Config(), log, str(path))
    _, orders = read(model)
    assert loaded.size() == 3
    for gram in [("monday",), (START, "monday"), ("of", "may", END), ("please", "um", "on")]:
        newest_first = list(reversed(gram))
        found = log.log_to_log10(loaded.prob(newest_first))
        assert found == pytest.approx(math.log10(probability(gram, orders)), abs=0.001), gram
