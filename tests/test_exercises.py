"""The exercises: each has its cells, no answer stands open, and a verdict says what is wrong.

What each check says of the empty answer, the solution and the wrong answers is tried in `test_notebooks.py`, where the chapter's names are."""
import json, re, tomllib

import numpy as np, pytest, torch

from answers import ROLES, WRONG, exercises, grouped, report, role, section, source, wrong_answers
from helpers import NOTEBOOKS, ROOT, run_python
from transformers_lite.exercises import Verdict, differ

CHAPTERS = [p for p in NOTEBOOKS if p.stem not in ('index', '20f_exercises', '27_glossary')]
WITH_CHECKS = [p for p in CHAPTERS if (WRONG/f'{p.stem}.md').exists()]
def cells(path): return json.loads(path.read_text(encoding='utf-8'))['cells']
def named(paths): return pytest.mark.parametrize('path', paths, ids=lambda p: p.stem)

# The cells of an exercise

FOLDED = {'jupyter': {'source_hidden': True, 'outputs_hidden': True}, 'cellView': 'form'}

def stands_open(cell):
    "Why a cell under `## Exercises` may give an answer away; None if it can't."
    meta, code = cell['metadata'], source(cell)
    if code.startswith('#| hide') and 'exercise' not in meta: return None # clears up behind the chapter
    if role(cell) not in ROLES: return 'its metadata say none of ' + ', '.join(ROLES)
    if (cell['cell_type'] == 'markdown') != (role(cell) == 'question'): return 'only a question is text'
    if role(cell) == 'solution' and {k: meta.get(k) for k in FOLDED} != FOLDED: return 'a solution is folded, with its output'
    if role(cell) == 'check' and not (meta.get('jupyter', {}).get('source_hidden') and code.startswith('#@title The check')): return 'a check is folded'
    if role(cell) == 'solution' and not code.startswith('#@title Solution'): return 'a folded cell says what it is'
    if role(cell) == 'answer' and '...' not in code: return 'an answer is empty: ...'
    if role(cell) == 'ask' and not re.fullmatch(r'check_\w+\([\w, ]+\)', code): return 'only the call of a check'
    if role(cell) == 'setup' and not all(re.match(r'from |import ', l) for l in code.splitlines() if l): return 'only imports'

@named(CHAPTERS)
def test_no_answer_stands_open(path):
    found = {c['id']: why for c in section(cells(path)) if (why := stands_open(c))}
    assert found == {} and len(grouped(cells(path))) >= 2

def test_an_open_answer_is_noticed(): # negative control
    def cell(text, kind='code', **metadata): return dict(id='a', cell_type=kind, source=text, metadata=metadata)
    hidden = {'jupyter': {'source_hidden': True}, 'cellView': 'form'}
    for open_, why in ((cell('It is 7.', 'markdown'), 'say none of'), (cell('7'), 'say none of'), (cell('7', 'markdown', exercise='solution'), 'only a question'),
                       (cell('7', exercise='solution', **hidden), 'with its output'), (cell('def check_x(x): return 7', exercise='check'), 'a check is folded'),
                       (cell('my_guess = 7', exercise='answer'), 'is empty'), (cell('check_x(7) or 7', exercise='ask'), 'only the call'), (cell('x = 7', exercise='setup'), 'only imports')):
        assert why in stands_open(open_)
    assert stands_open(cell('#@title Solution\n7', exercise='solution', **FOLDED)) is None

@named(WITH_CHECKS)
def test_an_exercise_is_whole(path):
    "A question, an answer, a check, the call of it and a solution, in this order; a check knows a wrong answer at least, and one exercise is to build something."
    text = ''
    for g in grouped(cells(path)):
        assert [*g] == ['question', 'answer', 'check', 'ask', 'solution']
        assert source(g['solution'][-1]).endswith(source(g['ask'][0])), 'a solution ends with its check'
        assert 'No answer yet' in json.dumps(g['ask'][0]['outputs']), 'an empty answer is open, and not wrong'
        text += source(g['question'][0])
    found = [*exercises(path)]
    assert 2 <= len(found) <= 5 and '**' in text
    if not re.match('2[0-9]|1[2-6]', path.stem): assert 'Build.**' in text
    assert {check for check, *_ in wrong_answers(path.stem)} == {e.name for e in found}

def test_most_chapters_have_checks(): assert len(WITH_CHECKS) >= 20

def test_a_check_that_is_wrong_is_noticed(): # negative control
    from types import SimpleNamespace
    space = dict(Verdict=Verdict, check_sum=lambda f: Verdict().case('a sum', f, 2, 3, want=5, slips={'That is the product': 6}))
    ex = SimpleNamespace(answer='def my_sum(a, b): ...', ask='check_sum(my_sum)', solution='def my_sum(a, b): return a + b',
                         wrong=[('That is the product', 'def my_sum(a, b): return a * b')])
    assert [ok for ok, _ in report(ex, space)] == [True] * 3
    for change in dict(answer='def my_sum(a, b): return 5'), dict(solution='def my_sum(a, b): return 6'), dict(wrong=[('the difference', 'def my_sum(a, b): return a - b')]):
        assert not all(ok for ok, _ in report(SimpleNamespace(**{**vars(ex), **change}), space))

# A verdict

@pytest.mark.parametrize('got, want, says', [
    (1, 1., ''), ([1, (2, 3)], (1, [2, 3]), ''), (torch.tensor([1., 2]), [1, 2.00001], ''),
    (torch.zeros(2, 3), torch.zeros(3, 2), 'it has the shape (2, 3), not (3, 2)'), (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 5]], 'it[1][1] is 4, not 5'),
    ({'a': 1}, {'b': 1}, "it is {'a': 1}, not {'b': 1}"), ({'a': [1, 'x']}, {'a': [1, 'y']}, "it['a'][1] is 'x', not 'y'"), (None, 0, 'it is None, not 0'), ('1', 1, "it is '1', not 1")])
def test_where_values_differ(got, want, says): assert differ(got, want) == says

class Rude:
    def __eq__(self, other): raise RuntimeError('no')
    def __repr__(self): raise RuntimeError('no')

def interrupted(): raise KeyboardInterrupt

@pytest.mark.parametrize('answer', [..., None, lambda: None, lambda: 1/0, lambda x: x, Rude(), Rude, lambda: exit(), [Rude()], torch.zeros(2), lambda: torch.zeros(2)])
def test_a_verdict_never_raises(answer):
    for options in {}, dict(want=ValueError('x')), dict(slips={'one': 3, 'two': lambda got: got.nothing}), dict(tell=False):
        v = Verdict(answer).case('it works', answer, **options)
        assert v.score == 0 and '✓' not in repr(v) and repr(v) and '</div>' in v._repr_html_()

def test_who_stops_a_loop_is_heard():
    with pytest.raises(KeyboardInterrupt): Verdict().case('it ends', interrupted)

def test_an_answer_that_changes_its_arguments_spoils_nothing():
    values = [1, 2]
    assert Verdict().case('one', lambda v: v.clear() or 0, values, want=0).case('two', len, values, want=2).score == 1 and values == [1, 2]

def test_a_guess_is_not_told():
    v = Verdict().case('how many', 3, want=712, tell=False, slips={'One more': 3})
    assert '712' not in repr(v) and '3 is not it. One more' in repr(v)

def test_what_an_answer_says_is_text():
    html = Verdict().case('a <b>', '<script>', want='x')._repr_html_()
    assert '<script>' not in html and '&lt;script&gt;' in html
    assert '<code>x &lt; y</code>' in Verdict().case('`x < y`', True)._repr_html_()

def test_the_room_needs_no_torch():
    code = "import sys; from transformers_lite.exercises import Verdict; print([m for m in ('torch', 'numpy') if m in sys.modules])"
    assert run_python(code).strip() == '[]'

# Where the marks go

def test_folds_survive_cleaning(tmp_path):
    "nbdev's clean keeps what folds a cell and what says what it is, and drops the rest."
    from fastcore.nbio import read_nb
    from nbdev.clean import clean_nb
    nb = read_nb(CHAPTERS[0])
    settings = tomllib.loads((ROOT/'pyproject.toml').read_text(encoding='utf-8'))['tool']['nbdev']
    marked = [dict(c.metadata) for c in nb.cells]
    for c in nb.cells: c.metadata['tags'] = ['mine']
    clean_nb(nb, allowed_cell_metadata_keys=settings['allowed_cell_metadata_keys'])
    assert [dict(c.metadata) for c in nb.cells] == marked and sum('exercise' in m for m in marked) > 10

def test_on_the_site_a_solution_is_in_a_box():
    from fastcore.nbio import read_nb
    from tools.docs import solutions
    nb = read_nb(CHAPTERS[0])
    folded = [c for c in nb.cells if c.metadata.get('exercise') == 'solution']
    solutions(nb).begin()
    boxes = [i for i, c in enumerate(nb.cells) if c.source == '::: {.callout-tip collapse="true" title="Solution"}']
    assert [nb.cells[i+1] for i in boxes] == folded and [nb.cells[i+2].source for i in boxes] == [':::'] * len(folded)
    assert '#@title' not in ''.join(c.source for c in nb.cells) and sum(c.source.startswith('#| code-fold: true\n#| code-summary: "The check"') for c in nb.cells) == len(folded)
    assert not [c for c in nb.cells if {'jupyter', 'cellView', 'exercise'} & c.metadata.keys()]
