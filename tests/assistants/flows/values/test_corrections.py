import pytest
from hearing import table

from parley.assistants.flows.values import correction

CORRECTIONS = table("""
    no wednesday                        | wednesday
    no, on wednesday                    | on wednesday
    no not tuesday wednesday            |
    i meant ten                         | ten
    sorry i meant ten                   | ten
    i mean wednesday                    | wednesday
    make it eleven                      | eleven
    actually make that friday           | friday
    change it to friday                 | friday
    wait i'd rather come on friday      | come on friday
    tuesday no wednesday                | wednesday
    no no wednesday                     | wednesday
    it should be eleven                 | eleven
    it should have been eleven          | eleven
    on second thought the third         | the third
    Sorry, I meant Wednesday.           | Wednesday.
    No. Wednesday.                      | Wednesday.
    no                                  |
    no thanks                           |
    no thank you                        |
    no problem                          |
    no that's it                        |
    sorry                               |
    no sorry                            |
    wednesday                           |
    not tuesday                         |
    yes wednesday                       |
""")


@pytest.mark.parametrize(("text", "rest"), CORRECTIONS)
def test_where_a_correction_begins(text: str, rest: str) -> None:
    start = correction(text)
    assert ("" if start is None else text[start:]) == rest
