"transformers' own tests with our classes: which stay out, and what the tool says of it."
import json, re, sys
import pytest
from helpers import ROOT

sys.path.insert(0, str(ROOT/'tools'))
import their_tests

def test_each_row_says_what_and_why():
    rows = [l.split('|')[1:-1] for l in their_tests.REASONS.read_text(encoding='utf-8').splitlines() if l.startswith('| `')]
    assert rows and all(len(r) == 3 and re.fullmatch(r' `[\w*]+::test_\w+\*?\w*\*?` ', r[0]) and r[1].strip() in ('4', '5', '4, 5') and len(r[2]) > 7 for r in rows)
    assert len({r[0] for r in rows}) == len(rows)

def test_the_page_says_what_was_measured():
    page = (ROOT/'nbs'/'26_coming_from_transformers.ipynb').read_text(encoding='utf-8')
    said = re.search(r'Of (\d+) tests that pass with its own classes, (\d+) pass with ours in their place', page)
    told = re.search(r'(\d+) tests pass with the classes of transformers [\d.]+, (\d+) of them with ours, and (\d+) stay out', their_tests.REASONS.read_text(encoding='utf-8'))
    assert said.groups() == told.groups()[:2] and int(told[1]) == int(told[2]) + int(told[3])

@pytest.fixture
def ran(tmp_path, monkeypatch):
    "Reports of a run of one family, whose third test fails with ours, and whose fourth with theirs."
    monkeypatch.setattr(their_tests, 'FAMILIES', ['vit'])
    monkeypatch.setattr(their_tests, 'REASONS', tmp_path/'reasons.md')
    def write(third, rows):
        for whose, last in ('theirs', ['passed', '']), ('ours', third):
            said = {f'tests/x.py::X::test_{n}': ['passed', ''] for n in 'ab'}
            said |= {'tests/x.py::X::test_c': last, 'tests/x.py::X::test_d': ['failed', 'no hub']}
            (tmp_path/f'vit-{whose}.json').write_text(json.dumps(said))
        their_tests.REASONS.write_text(''.join(f'| `{r}` | {of} | why |\n' for r, of in rows))
        return their_tests.main(tmp_path, '--kept')
    return write

@pytest.mark.parametrize('third, rows, status, said', [
    (['passed', ''], [], 0, '3 pass, 0 stay out with a reason, 0 fail'),
    (['failed', 'odd'], [], 1, '2 pass, 0 stay out with a reason, 1 fail'),
    (['skipped', 'odd'], [('X::test_*', '4')], 1, '2 pass, 0 stay out with a reason, 1 fail'), # said of another release
    (['failed', 'odd'], [('X::test_*', '4, 5')], 0, '2 pass, 1 stay out with a reason, 0 fail'),
    (['passed', ''], [('*::test_c', '5')], 1, r'No test that fails needs the reason of \*::test_c')])
def test_what_the_tool_says(ran, capsys, third, rows, status, said):
    assert ran(third, rows) == status
    assert re.search(said, capsys.readouterr().out)
