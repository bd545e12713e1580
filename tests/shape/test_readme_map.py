"""test_readme_map.py - README's map of the code is what the files say of themselves"""
import codemap as code


def test_map_is_current():
    assert code.readme_parts()[1] == code.code_map(), "run ./dev map --write"


def test_every_source_says_what_it_is():
    assert code.unmapped() == []
