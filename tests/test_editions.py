"Editions of the course: what an assignment hides, how nbgrader grades it, and the quiz."
import json, os, re, subprocess, sys
from pathlib import Path

import pytest

from answers import exercises, role, source
from helpers import NOTEBOOKS, ROOT, run
from transformers_lite.editions import EDITIONS, edition, points, questions

CHAPTERS = [p for p in NOTEBOOKS if p.stem != 'index']
def page(path): return json.loads(path.read_text(encoding='utf-8'))
def graded(page): return [c for c in page['cells'] if c['metadata'].get('nbgrader', {}).get('grade')]

@pytest.mark.parametrize('path', CHAPTERS, ids=lambda p: p.stem)
def test_an_assignment_gives_nothing_away(path):
    whole = page(path)
    before = json.dumps(whole)
    made = edition(whole, 'assignment')
    assert json.dumps(whole) == before # a copy was changed
    assert not any(role(c) == 'solution' for c in made['cells']) and not any(source(c).startswith('#@title Solution') for c in made['cells'])
    for ex in exercises(path):
        mine = [c for c in made['cells'] if source(c) == ex.answer]
        assert len(mine) == 1 and mine[0]['outputs'] == [] and mine[0]['metadata']['nbgrader']['solution']
    asked = [c for c in whole['cells'] if role(c) == 'ask']
    assert [re.sub(r'\.graded\(\d\)$', '', source(c)) for c in graded(made)] == [*map(source, asked)]
    names = [c['metadata']['nbgrader']['grade_id'] for c in made['cells'] if 'nbgrader' in c['metadata']]
    assert len({*names}) == len(names) == 3 * len(asked)
    assert edition(whole, 'reading') == whole and 'source_hidden' not in json.dumps([c['metadata'] for c in edition(whole, 'solutions')['cells'] if role(c) == 'solution'])

def test_points(): assert [points(f'**1. {kind}.** Do it.') for kind in ('Predict', 'Break', 'Change', 'Build', 'Sing')] == [1, 1, 2, 3, 1] and points('Do it.') == 1

def test_another_edition_is_refused():
    with pytest.raises(ValueError, match="'teacher' is unknown; there are reading, assignment, solutions, slides"): edition({'cells': []}, 'teacher')

@pytest.mark.parametrize('kind', EDITIONS)
def test_the_command(tmp_path, kind):
    run(sys.executable, '-m', 'transformers_lite', 'course', tmp_path/'pages', '--edition', kind)
    made = page(tmp_path/'pages'/'01_configuration.ipynb')
    assert any(role(c) == 'solution' for c in made['cells']) == (kind in ('reading', 'solutions')) and bool(graded(made)) == (kind == 'assignment')
    assert (tmp_path/'pages'/'data'/'sentiment'/'snippets.tsv.gz').exists()
    if kind == 'reading': assert (tmp_path/'pages'/'01_configuration.ipynb').read_bytes() == (ROOT/'nbs'/'01_configuration.ipynb').read_bytes()

GRADED = '20_messages', '20c_rules' # quick ones, without torch

def answered(notebook, answers):
    "A student's copy, with other code in the cells for answers."
    cells = iter(answers)
    for c in notebook['cells']:
        if c['metadata'].get('nbgrader', {}).get('solution'): c['source'] = next(cells)
    return notebook

def test_nbgrader(tmp_path, monkeypatch):
    "The stub has no points, the solution all, and typical wrong answers, beside right ones, some."
    from nbgrader.api import Gradebook
    monkeypatch.setenv('PATH', f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}") # it calls alembic by name
    source_dir, students = tmp_path/'source'/'week1', ('stub', 'solved', 'wrong')
    source_dir.mkdir(parents=True)
    for stem in GRADED: (source_dir/f'{stem}.ipynb').write_text(json.dumps(edition(page(ROOT/'nbs'/f'{stem}.ipynb'), 'assignment')), encoding='utf-8')
    (tmp_path/'nbgrader_config.py').write_text("c = get_config()\nc.CourseDirectory.course_id = 'course'\nc.ExecutePreprocessor.timeout = 120\n")
    def nbgrader(*args): return run(sys.executable, '-m', 'nbgrader', *args, cwd=tmp_path, limit=300)
    nbgrader('generate_assignment', 'week1', '--create')
    for stem in GRADED:
        exs = [*exercises(ROOT/'nbs'/f'{stem}.ipynb')]
        solutions = [e.solution.replace(e.ask, '') for e in exs]
        for name, answers in zip(students, ([e.answer for e in exs], solutions, [exs[0].wrong[0][1], *solutions[1:]])):
            mine = tmp_path/'submitted'/name/'week1'/f'{stem}.ipynb'
            mine.parent.mkdir(parents=True, exist_ok=True)
            mine.write_text(json.dumps(answered(page(tmp_path/'release'/'week1'/f'{stem}.ipynb'), answers)), encoding='utf-8')
    nbgrader('autograde', 'week1', '--create')
    with Gradebook(f"sqlite:///{tmp_path/'gradebook.db'}") as book:
        total = book.find_assignment('week1').max_score
        scores = {s: book.find_submission('week1', s).score for s in students}
    assert total == sum(c['metadata']['nbgrader']['points'] for stem in GRADED for c in graded(page(source_dir/f'{stem}.ipynb'))) > 0
    assert scores['stub'] == 0 < scores['wrong'] < scores['solved'] == total

# Questions

def test_a_question_is_read():
    text = '**Q1.** What is 2 · 3?\n\n- A. 5\n- B. `6`\n\n<details><summary>Answer</summary>\n\nB. A product.\n\n</details>'
    assert questions({'cells': [dict(source=[text]), dict(source=['**Q2.** no choices'])]}) == [dict(ask='What is 2 · 3?', choices={'A': '5', 'B': '`6`'}, answer='B', why='A product.')]

def quiz(*args, answers=''):
    return subprocess.run([sys.executable, '-m', 'transformers_lite', 'quiz', *args], input=answers, capture_output=True, text=True, encoding='utf-8', cwd=ROOT)

WITHOUT = '27_glossary', # a list to look things up in

@pytest.mark.parametrize('path', [p for p in CHAPTERS if p.stem not in WITHOUT], ids=lambda p: p.stem)
def test_a_chapter_has_questions(path):
    "Three to five; each cell that looks like one is one; a choice for each letter, one of them right, a reason; the right letter isn't always the same."
    found = questions(page(path))
    assert 3 <= len(found) <= 5 and len(found) == sum(source(c).startswith('**Q') for c in page(path)['cells'])
    for q in found:
        assert q['ask'].endswith('?') and [*q['choices']] == [*'ABCDE'[:len(q['choices'])]] and q['answer'] in q['choices'] and len(q['choices']) >= 3 and len(q['why']) > 40
        assert len({*q['choices'].values()}) == len(q['choices'])
    assert len({q['answer'] for q in found}) > 1

def test_the_quiz():
    "Right, wrong and left out; the score; what goes wrong."
    found = json.loads(quiz('02_model', '--json').stdout)['02_model']
    answers = [found[0]['answer'], 'ABCDE'.replace(found[1]['answer'], '')[0].lower(), '', found[3]['answer'].lower()]
    said = quiz('02_model', answers='\n'.join(answers) + '\n')
    assert said.returncode == 0 and '2 of 3 right' in said.stdout and all(q['why'] in said.stdout for q in found)
    assert quiz('02_model', answers=answers[0] + '\n').stdout.endswith('1 of 1 right\n') # the input ends
    for wrong, why in ('99', 'there is no chapter'), ('27', 'has no questions'):
        said = quiz(wrong)
        assert said.returncode == 2 and why in said.stderr and 'Traceback' not in said.stderr
