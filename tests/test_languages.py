"The other languages: nothing missing, nothing out of date, nothing lost; the pages run."
import ast, gettext, json, os, re, subprocess, sys
from functools import lru_cache
from importlib import util

import polib, pytest, yaml
from hypothesis import given, strategies as st

from helpers import NOTEBOOKS, ROOT, run
from transformers_lite.editions import edition, questions
from transformers_lite.exercises import Verdict
from transformers_lite.languages import FOLDER, NAMES, anchor, catalogue, differs, in_language, kept, known_languages, paragraphs, pieces, program, python, retold, speak, words

def page(path): return json.loads(path.read_text(encoding='utf-8'))
def text_cell(text): return dict(cell_type='markdown', id='x', metadata={}, source=text.splitlines(keepends=True))
def code_cell(text, outputs=()): return dict(cell_type='code', id='x', metadata={}, source=text.splitlines(keepends=True), outputs=[*outputs])
def tool(name):
    spec = util.spec_from_file_location(name, ROOT/'tools'/f'{name}.py')
    spec.loader.exec_module(module := util.module_from_spec(spec))
    return module
BOTH = [(language, p) for language in known_languages() for p in NOTEBOOKS]
both = pytest.mark.parametrize('language,path', BOTH, ids=lambda x: getattr(x, 'stem', x))

SYSTEM = {'en': dict(LANG='C', LC_ALL='', LC_MESSAGES='', LANGUAGE=''), 'ja': dict(LANG='ja_JP.UTF-8', LC_ALL='', LC_MESSAGES='', LANGUAGE='')}
def cli(*args, system='en', answers=''):
    "The command line on somebody's system."
    env = {**os.environ, **SYSTEM[system], 'PYTHONPATH': str(ROOT), 'PYTHONIOENCODING': 'utf-8'}
    return subprocess.run([sys.executable, '-m', 'transformers_lite', *map(str, args)], input=answers, env=env, capture_output=True, text=True, encoding='utf-8', cwd=ROOT)

def test_there_is_japanese(): assert 'ja' in known_languages()

@both
def test_nothing_is_missing_or_out_of_date(language, path):
    "Each paragraph has its translation, none is for words that are gone, and what isn't language is the same."
    entries = polib.pofile(str(FOLDER/language/f'{path.stem}.po'))
    there, asked = {(e.msgctxt, e.msgid) for e in entries}, {*words(page(path))}
    assert not asked - there and not there - asked and not entries.obsolete_entries()
    assert not [e.msgid for e in entries if e.fuzzy or not e.msgstr]
    lost = {e.msgid[:80]: why for e in entries if (why := differs(e.msgid, e.msgstr))}
    assert not lost, lost

def terms(language): return {e.msgid: e.msgstr.split('|') for e in polib.pofile(str(FOLDER/language/'terms.po'))}

@both
def test_a_term_has_one_translation(language, path):
    "Where the English introduces a term, in bold, the translation has the term of the list."
    listed = terms(language)
    for (_, english), told in catalogue(language, path.stem).items():
        for term in re.findall(r'\*\*([^*\n]+)\*\*', english):
            wanted = listed.get(term) or listed.get(term.removesuffix('s'))
            if wanted: assert any(w in told for w in wanted), f'{term}: {wanted} is not in {told[:200]}'
    if language == 'ja': assert not any('発電' in told for told in catalogue(language, path.stem).values()) # text is 生成

@both
def test_the_programs_are_the_same(language, path):
    "Beside strings that somebody reads, the code of a page is that of the English one; its questions and cells are all there."
    english = page(path)
    told = in_language(english, catalogue(language, path.stem))
    assert [c['id'] for c in told['cells']] == [c['id'] for c in english['cells']]
    class Quiet(ast.NodeTransformer):
        def visit_Constant(self, node): return ast.Constant('') if isinstance(node.value, str) else node
        def visit_JoinedStr(self, node): return ast.JoinedStr([self.visit(v) for v in node.values if isinstance(v, ast.FormattedValue)])
    def shape(text):
        try: tree = ast.parse(python(text))
        except SyntaxError: return text
        return sorted(ast.dump(x) for x in ast.walk(Quiet().visit(tree)) if isinstance(x, ast.stmt))
    for a, b in zip(english['cells'], told['cells']):
        if a['cell_type'] == 'code': assert shape(''.join(a['source'])) == shape(''.join(b['source'])), a['id']
    asked, put = questions(english), questions(told)
    assert [(q['answer'], [*q['choices']]) for q in asked] == [(q['answer'], [*q['choices']]) for q in put]

@pytest.mark.parametrize('stem', ['00_first_hour', '20c_rules'])
@pytest.mark.parametrize('language', known_languages())
def test_a_page_runs(tmp_path, language, stem):
    "The command writes it, with data; JupyterLab's way of running it ends well."
    run(sys.executable, '-m', 'transformers_lite', 'course', tmp_path/'pages', '--lang', language)
    file = tmp_path/'pages'/f'{stem}.ipynb'
    before = page(file)
    assert any(c['source'] != e['source'] for c, e in zip(before['cells'], page(ROOT/'nbs'/f'{stem}.ipynb')['cells']))
    run(sys.executable, '-m', 'jupyter', 'nbconvert', '--to', 'notebook', '--execute', '--inplace', '--ExecutePreprocessor.kernel_name=python3', file, MPLBACKEND='agg', PYTHONPATH=str(ROOT), **SYSTEM['en'])
    assert not [o for c in page(file)['cells'] for o in c.get('outputs', ()) if o['output_type'] == 'error']
    told = gettext.translation('cli', FOLDER, [language]).gettext
    for c in page(file)['cells']: # on an English system
        said = '\n'.join(''.join(o['data']['text/plain']) for o in c.get('outputs', ()) if 'text/plain' in o.get('data', {}))
        if c['metadata'].get('exercise') == 'ask': assert said.startswith(told('No answer yet (a function needs return). Asked for: {}').split('{')[0]), said
        if c['metadata'].get('exercise') == 'solution': assert said.startswith(told('{} of {} right').split('{')[0]) and '✓' in said and '✗' not in said, said

# what of a page is words

def test_paragraphs():
    text = '# A title\n\nWords and\nmore.\n\n```python\nno words\n\nnor here\n```\n\n$$x$$\n\n`code` 12\n\n| a b | c |\n|---|---|\n| dd | e |'
    assert [p.words for p in paragraphs(text)] == [text[p.begin:p.end] for p in paragraphs(text)] == ['# A title', 'Words and\nmore.', '| a b | c |\n|---|---|\n| dd | e |']

CODE = '''#| export
#| code-summary: "A helper"
# One sentence
# in two lines
def f(
    x:int, # a number
):
    "What it does."
    y = 'not for readers'  # why
    ax.set(title='A ' 'title', color='red')
    ax.set_title(f"{x} of 'them'")
    return Verdict().case('is it right', x, slips={'Half of it': 1}, want='no')
'''
def test_pieces():
    assert [p.words for p in pieces(code_cell(CODE))] == ['A helper', 'One sentence in two lines', 'a number', 'What it does.', 'why', 'A title', "{x} of 'them'", 'is it right', 'Half of it']
    assert pieces(code_cell('!ls -l # words')) == [] == pieces(dict(cell_type='raw', source=['words']))

def test_a_name_is_followed():
    "What a check says may have a name, stand in a table, or be one of two; other strings stay."
    code = '''def check_x(x, data='a text'):
    right, other = 'Merge first', 3
    right = 'Merge first of all'
    slips = {'Half of it': 1, right: 2}
    why = {'a b': 'That is a', 'c d': 'That is c'}
    return Verdict().case('one', x, want='no words', slips=slips).case(data, x, slips={why[x]: 0, 'Too small' if x else 'Too large': {'k v': 1}})
'''
    assert [p.words for p in pieces(code_cell(code))] == ['Merge first of all', 'Half of it', 'That is a', 'That is c', 'one', 'Too small', 'Too large']

def test_behind_a_magic():
    cell = code_cell('%%write a.py\n"A file."\nx = 1 # a number')
    assert [p.words for p in pieces(cell)] == ['A file.', 'a number'] and retold(cell, {('x', 'A file.'): 'ファイル。'}) == '%%write a.py\n"ファイル。"\nx = 1 # a number'
    assert pieces(code_cell('%%bash\nls -l # words')) == []

def test_a_cell_is_retold():
    table = {('x', k): v for k, v in {'One sentence in two lines': '一つの\n文', 'a number': '数', 'A title': '題', "{x} of 'them'": '{x} 個', 'Half of it': '半分'}.items()}
    told = retold(code_cell(CODE), table)
    for line in '# 一つの\n# 文\ndef f(', 'x:int, # 数\n', "title='題', color='red'", 'set_title(f"{x} 個")', "slips={'半分': 1}", '"What it does."': assert line in told
    ast.parse(told)

def test_which_outputs_stay():
    out = dict(output_type='stream', name='stdout', text='1')
    for code, kept_ in ('1 # a note', True), ("plot(title='A note')", False):
        told = in_language({'cells': [code_cell(code, [out])]}, {('x', 'a note'): 'メモ', ('x', 'A note'): 'メモ'}, font='Noto')
        assert ''.join(told['cells'][0]['source']) != code and bool(told['cells'][0]['outputs']) == kept_

def test_no_boxes():
    "Without a font for it, nothing Japanese stands in a picture; with one, the page names it."
    page = {'cells': [code_cell('import matplotlib.pyplot as plt'), code_cell("# 'import matplotlib.pyplot as plt'\nplt.title('x', label='A title') # words", [dict(output_type='stream', name='stdout', text='1')])]}
    table = {('x', 'A title'): '題', ('x', 'words'): '言葉'}
    without, with_ = in_language(page, table), in_language(page, table, 'Some Gothic')
    assert ''.join(without['cells'][1]['source']) == "# 'import matplotlib.pyplot as plt'\nplt.title('x', label='A title') # 言葉" and without['cells'][1]['outputs']
    assert ''.join(with_['cells'][1]['source']) == "# 'import matplotlib.pyplot as plt'\nplt.title('x', label='題') # 言葉" and not with_['cells'][1]['outputs']
    assert "'Some Gothic'" in ''.join(with_['cells'][0]['source']) and 'font' not in ''.join(without['cells'][0]['source'])

@both
def test_a_page_that_draws_names_the_font(language, path):
    "Where something Japanese is drawn, the page says with which font, before it."
    english = page(path)
    told = in_language(english, catalogue(language, path.stem), 'Some Gothic')['cells']
    named = [i for i, c in enumerate(told) if c['cell_type'] == 'code' and "'Some Gothic'" in ''.join(c['source'])]
    drawing = [i for i, c in enumerate(english['cells']) if any(p.drawn for p in pieces(c))]
    assert not drawing or min(named) <= min(drawing)

@both
def test_links_lead_somewhere(language, path):
    "An anchor of a link is in the page that it leads to, in its language."
    @lru_cache(None)
    def told(p): return in_language(page(p), catalogue(language, p.stem))
    for target, name in re.findall(r'\]\((\w*(?:\.ipynb)?)#([\w-]+)\)', '\n'.join(''.join(c['source']) for c in told(path)['cells'] if c['cell_type'] == 'markdown')):
        other = path.with_name(target) if target else path
        english = '\n'.join(''.join(c['source']) for c in page(other)['cells'])
        if re.search(rf'<a id="{name}"', english) or name == anchor(english.splitlines()[0]): continue # a title is the top of its page
        there = '\n'.join(''.join(c['source']) for c in told(other)['cells'])
        assert f'<a id="{name}"></a>' in there or name in map(anchor, re.findall('^#+ (.+)', there, re.M)), f'{target}#{name}'

def test_what_is_lost():
    assert differs('`a` and [b](c.ipynb#d), 1,000 or $x$ {n} <br>', '[び](c.ipynb#d)と`a`、$x$、1,000、{n}<br>') == []
    for told, said in ('a, [b](c)', 'code `a` is lost'), ('`a`、[b](d)', 'link ](d) is not in the English'), ('`a`、[b](c)、3', 'number 3 is not'): assert any(said in why for why in differs('`a` [b](c)', told))

@given(st.lists(st.sampled_from(['words here', '`code`', '```\nx\n```', '', '12 $y$', 'one\ntwo', '    indented words']), max_size=8))
def test_places_are_places(blocks):
    "What is found stands where it is said to stand, in order; replaced by itself, the cell is as it was."
    cell = text_cell('\n\n'.join(blocks))
    found = pieces(cell)
    assert all(p.begin < p.end for p in found) and all(x.end <= y.begin for x, y in zip(found, found[1:]))
    assert retold(cell, {('x', p.words): p.words for p in found}) == ''.join(cell['source'])

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_told_in_english_nothing_changes(path):
    "Each cell, replaced by itself, is the same program with the same words."
    whole = page(path)
    same = in_language(whole, {key: key[1] for key in words(whole)})
    assert words(same) == words(whole)
    for a, b in zip(whole['cells'], same['cells']): assert a['cell_type'] != 'code' or program(''.join(a['source'])) == program(''.join(b['source']))

# the tool that keeps them

def test_update(tmp_path, monkeypatch):
    "What is new is empty, what changed is fuzzy and keeps the former words, what is gone goes; another cell's words are taken over."
    translate = tool('translate')
    monkeypatch.setattr(translate, 'NBS', tmp_path), monkeypatch.setattr(translate, 'FOLDER', tmp_path/'to')
    def write(*texts): (tmp_path/'01_x.ipynb').write_text(json.dumps({'cells': [text_cell(t) | dict(id=f'c{i}') for i, t in enumerate(texts)]}))
    def entries(): return {e.msgid: e for e in polib.pofile(str(tmp_path/'to'/'xx'/'01_x.po'))}
    write('A sentence that stays.', 'A sentence with three apples.')
    translate.update('xx')
    po = polib.pofile(str(tmp_path/'to'/'xx'/'01_x.po'))
    for e in po: e.msgstr = f'<{e.msgid}>'
    po.save()
    write('A sentence that stays.', 'A sentence with 4 apples.', 'Something new.')
    translate.update('xx')
    found = entries()
    assert found['A sentence that stays.'].msgstr == '<A sentence that stays.>' and not found['A sentence that stays.'].fuzzy
    changed = found['A sentence with 4 apples.']
    assert changed.fuzzy and changed.previous_msgid == 'A sentence with three apples.' and changed.msgstr == '<A sentence with three apples.>'
    assert found['Something new.'].msgstr == '' and len(found) == 3
    assert len([*translate.found_in('xx', '01_x')]) == 2 # one to look at, one to write
    write('Something else.', 'A sentence that stays.')
    translate.update('xx')
    assert entries()['A sentence that stays.'].msgstr == '<A sentence that stays.>' and not entries()['A sentence that stays.'].fuzzy and len(entries()) == 2

def test_a_language_that_is_not_there():
    said = cli('course', 'x', '--lang', 'tlh')
    assert said.returncode == 2 and "'tlh'" in said.stderr and 'ja' in said.stderr and not (ROOT/'x').exists()

def test_kept(): assert kept('`1` 2 {n} <b>') == {('code', '`1`'): 1, ('number', '2'): 1, ('place', '{n}'): 1, ('tag', '<b>'): 1}

# how it reads

JA = '[\u3040-\u30ff\u4e00-\u9fff]'

def slips(told, markdown):
    "What renders wrongly in Japanese: bold that CommonMark doesn't see, and a line's end that becomes a space within a sentence."
    for m in re.finditer(r'(?:^|(?<=([^*])))\*\*([^*\n]+)\*\*([^*]|$)', re.sub(r'`[^`]*`', lambda m: '`' * len(m[0]), told)):
        def letter(c): return bool(c) and (c.isalnum() or c in '_ー')
        if letter(m[1]) and not letter(m[2][0]): yield f'{m[1]}{m[0]}: a space belongs before it'
        if not letter(m[2][-1]) and letter(m[3]): yield f'{m[0]}: a space belongs behind it'
    lines = told.split('\n') if markdown else []
    for a, b in zip(lines, lines[1:]):
        if re.search(f'{JA}$|[、。]$', a) and re.match(JA, b) and not re.match(r'[#>|]', a): yield f'{a[-12:]}⏎{b[:12]}: no line ends within a paragraph'

@both
def test_nothing_renders_wrongly(language, path):
    if language != 'ja': return
    prose = {c['id'] for c in page(path)['cells'] if c['cell_type'] == 'markdown'}
    found = {at: why for at, told in catalogue(language, path.stem).items() if (why := [*slips(told, at[0] in prose)])}
    assert not found, found

def test_a_slip_is_noticed():
    assert [len([*slips(t, True)]) for t in ('**重み。**の数', '**重み。** の数', '**重み**の数', 'は**「重み」** の', '一つの\n文です', '一つの文です。\n次の文', '- 一つ\n- 二つ', '# 題\n> 文')] == [1, 0, 0, 1, 1, 1, 0, 0]
    assert not [*slips('一つの\n注', False)] # a comment

# what programs say

@pytest.mark.parametrize('language', known_languages())
def test_the_programs_have_all_lines(language):
    "None is missing, out of date or too much, and what gettext reads is what the catalogue says."
    assert [*tool('translate').found_in(language, 'cli')] == []
    told = gettext.translation('cli', FOLDER, [language])
    for e in polib.pofile(str(FOLDER/language/'cli.po')): assert told.gettext(e.msgid) == e.msgstr

@pytest.mark.parametrize('args, system, japanese', [((), 'en', False), ((), 'ja', True), (('--lang', 'ja'), 'en', True), (('--lang', 'en'), 'ja', False)])
def test_the_reader_s_language(args, system, japanese):
    "English unless the system or the reader says otherwise; --lang stands before a command or behind it."
    for said in cli(*args, '--help', system=system), cli(*args, 'quiz', '--help', system=system), cli('quiz', *args, '--help', system=system):
        assert said.returncode == 0 and ('コマンド' in said.stdout or '問い' in said.stdout) == japanese and ('Without a command' in said.stdout or 'Ask the questions' in said.stdout) != japanese

def test_a_mistake_is_answered_in_the_reader_s_language():
    assert '章はありません' in cli('quiz', '99', '--lang', 'ja').stderr and 'there is no chapter' in cli('quiz', '99').stderr

def test_the_quiz():
    asked = [*questions(in_language(page(ROOT/'nbs'/'20c_rules.ipynb'), catalogue('ja', '20c_rules')))]
    said = cli('quiz', '20c', '--lang', 'ja', answers='\n'.join(q['answer'] for q in asked) + '\n')
    assert said.returncode == 0 and all(q['ask'] in said.stdout and q['why'] in said.stdout for q in asked) and f'正解 {len(asked)} / {len(asked)}' in said.stdout
    assert json.loads(cli('quiz', '20c', '--json', '--lang', 'ja').stdout)['20c_rules'] == asked

def test_the_demo():
    "Each line that English readers see has its Japanese, and nothing is said in English."
    said, english = cli('--lang', 'ja'), cli()
    assert said.returncode == 0 == english.returncode and said.stderr == ''
    for e in polib.pofile(str(FOLDER/'ja'/'cli.po')):
        line = next((l for l in english.stdout.splitlines() if e.msgid in l), '') if len(e.msgid) > 12 and '{' not in e.msgid else ''
        if line: assert e.msgstr in said.stdout and e.msgid not in said.stdout

def test_an_assignment_is_the_same(tmp_path):
    "What nbgrader reads is that of the English pages, points included; no solution is there."
    run(sys.executable, '-m', 'transformers_lite', 'course', tmp_path/'ja', '--lang', 'ja', '--edition', 'assignment')
    for path in NOTEBOOKS:
        english, told = edition(page(path), 'assignment')['cells'], page(tmp_path/'ja'/path.name)['cells']
        assert [(c['id'], c['metadata'].get('nbgrader')) for c in told] == [(c['id'], c['metadata'].get('nbgrader')) for c in english]
        def asked(cells): return [''.join(c['source']) for c in cells if c['metadata'].get('exercise') == 'ask']
        assert asked(told) == asked(english)
        titles = {s[0].strip() for c in told if (s := c['source']) and s[0].startswith('#@title')}
        assert titles <= {'#@title 検査'}, titles

# what a verdict says

VERDICT = "from transformers_lite.exercises import Verdict; print(Verdict().case('a', 5, want=4, slips={'One more': 5}).case('b', ...).case('c', [1], want=[2]).case('d', 3, want=4, tell=False).case('e', len, '', want=KeyError()))"

def test_a_verdict_speaks_the_page_s_language():
    "Whatever the reader's system speaks."
    def said(code, system): return subprocess.run([sys.executable, '-c', code], env={**os.environ, **SYSTEM[system], 'PYTHONPATH': str(ROOT), 'PYTHONIOENCODING': 'utf-8'}, capture_output=True, text=True, encoding='utf-8', cwd=ROOT).stdout
    assert 'it is 5, not 4. One more' in said(VERDICT, 'ja') and said(VERDICT, 'ja') == said(VERDICT, 'en')
    japanese = said("from transformers_lite.languages import speak; speak('ja'); " + VERDICT, 'en')
    assert not re.search(r'right|it is|not|yet|gave', japanese) and '。One more' in japanese and '答え[0]' in japanese
    try:
        speak('ja')
        assert 'まだ' in repr(Verdict().case('a', ...)) and '4' not in repr(Verdict().case('a', 3, want=4, tell=False))
    finally: speak('en')

@both
def test_each_page_says_what_its_verdicts_speak(language, path):
    code = [''.join(c['source']) for c in in_language(page(path), catalogue(language, path.stem), language=language)['cells'] if c['cell_type'] == 'code']
    imports = [s for s in code if re.search('^from .* import .*Verdict', s, re.M)]
    assert all(s.endswith(f"import speak\nspeak('{language}')") for s in imports) and sum('languages import speak\n' in s for s in code) == len(imports) == (path.stem not in ('20f_exercises', '27_glossary', 'index'))
    assert not [s for s in code if re.match('#@title (The check|Solution)', s)]

# the site

@pytest.mark.parametrize('language', known_languages())
def test_the_profile_has_the_same_chapters(language):
    "In the same order, under titles of its own; each site's bar leads to the other."
    english, told = (yaml.safe_load((ROOT/name).read_text(encoding='utf-8')) for name in ('_quarto.yml', f'_quarto-{language}.yml'))
    def links(site): return [p.get('href') or p['contents'] for p in site['website']['sidebar']['contents']]
    def titles(site): return [p.get('text') or p['section'] for p in site['website']['sidebar']['contents']]
    assert links(told) == links(english) and not {*titles(told)} & {*titles(english)} and told['lang'] == language
    bars = [site['website']['navbar']['right'] for site in (english, told)]
    assert [b['text'] for bar in bars for b in bar] == [NAMES[language], NAMES['en']] and bars[0][0]['href'] == bars[1][0]['href'] + f'{language}/'

@pytest.mark.parametrize('language', known_languages())
def test_the_site_up_to_quarto(tmp_path, language):
    "What `make docs` does for another language, before Quarto, here with some of its pages: each is there in that language, and links to the English one."
    some = 'index', '01_configuration', '20c_rules'
    tool('site').make(language, tmp_path/'site')
    assert {p.stem for p in (tmp_path/'site'/'nbs').glob('*.ipynb')} == {p.stem for p in NOTEBOOKS}
    code = f"from nbdev.quarto import nbdev_proc_nbs; nbdev_proc_nbs(file_re={'|'.join(some)!r})"
    run(sys.executable, '-c', code, cwd=tmp_path/'site', PYTHONPATH=f"{tmp_path/'site'}", QUARTO_PROFILE=language)
    proc = tmp_path/'site'/'_proc'
    made = {p.stem: page(p)['cells'] for p in proc.rglob('*.ipynb')}
    assert made.keys() == {*some}
    for stem, cells in made.items():
        table, text = catalogue(language, stem), '\n'.join(''.join(c['source']) for c in cells)
        assert text.count(f"](../{re.sub('^[0-9]+[a-z]?_', '', stem)}.html){{lang=\"en\"") == 1 and not re.search('#@title|title="Solution"|"The check"', text)
        title = next(v for k, v in table.items() if k[1].startswith('# ')).splitlines()[0].lstrip('# ')
        assert yaml.safe_load(''.join(cells[0]['source']).split('---')[1])['title'] == title
    site, made_by_nbdev = (yaml.safe_load((proc/name).read_text(encoding='utf-8')) for name in ('_quarto.yml', 'nbdev.yml'))
    english, own = (yaml.safe_load((ROOT/name).read_text(encoding='utf-8')) for name in ('_quarto.yml', f'_quarto-{language}.yml'))
    assert site['website']['sidebar']['contents'] == own['website']['sidebar']['contents'] and site['website']['navbar']['right'] == own['website']['navbar']['right']
    assert site['lang'] == language and site['format'] == english['format'] and site['website']['navbar']['tools'] == english['website']['navbar']['tools']
    assert made_by_nbdev['website']['site-url'].endswith(f'/transformers_lite/{language}') and made_by_nbdev['project']['output-dir'] == '_docs'

def test_english_pages_link_to_the_others():
    from fastcore.nbio import read_nb
    docs = tool('docs')
    nb = read_nb(ROOT/'nbs'/'01_configuration.ipynb')
    docs.other_languages(nb).begin()
    for language in known_languages(): assert f'[{NAMES[language]}]({language}/configuration.html)' in nb.cells[1].source
