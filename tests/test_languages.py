"The other languages: nothing missing, nothing out of date, nothing lost; the pages run."
import ast, json, re, sys

import polib, pytest
from hypothesis import given, strategies as st

from helpers import NOTEBOOKS, ROOT, run
from transformers_lite.editions import questions
from transformers_lite.languages import FOLDER, catalogue, differs, in_language, kept, languages, paragraphs, pieces, program, retold, words

def page(path): return json.loads(path.read_text(encoding='utf-8'))
def text_cell(text): return dict(cell_type='markdown', id='x', metadata={}, source=text.splitlines(keepends=True))
def code_cell(text, outputs=()): return dict(cell_type='code', id='x', metadata={}, source=text.splitlines(keepends=True), outputs=[*outputs])
BOTH = [(language, p) for language in languages() for p in NOTEBOOKS]
both = pytest.mark.parametrize('language,path', BOTH, ids=lambda x: getattr(x, 'stem', x))

def test_there_is_japanese(): assert 'ja' in languages()

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
        try: tree = ast.parse(text)
        except SyntaxError: return text
        return sorted(ast.dump(x) for x in ast.walk(Quiet().visit(tree)) if isinstance(x, ast.stmt))
    for a, b in zip(english['cells'], told['cells']):
        if a['cell_type'] == 'code': assert shape(''.join(a['source'])) == shape(''.join(b['source'])), a['id']
    asked, put = questions(english), questions(told)
    assert [(q['answer'], [*q['choices']]) for q in asked] == [(q['answer'], [*q['choices']]) for q in put]

@pytest.mark.parametrize('stem', ['00_first_hour', '20c_rules'])
@pytest.mark.parametrize('language', languages())
def test_a_page_runs(tmp_path, language, stem):
    "The command writes it, with data; JupyterLab's way of running it ends well."
    run(sys.executable, '-m', 'transformers_lite', 'course', tmp_path/'pages', '--lang', language)
    file = tmp_path/'pages'/f'{stem}.ipynb'
    before = page(file)
    assert any(c['source'] != e['source'] for c, e in zip(before['cells'], page(ROOT/'nbs'/f'{stem}.ipynb')['cells']))
    run(sys.executable, '-m', 'jupyter', 'nbconvert', '--to', 'notebook', '--execute', '--inplace', '--ExecutePreprocessor.kernel_name=python3', file, MPLBACKEND='agg', PYTHONPATH=str(ROOT))
    assert not [o for c in page(file)['cells'] for o in c.get('outputs', ()) if o['output_type'] == 'error']

# what of a page is words

def test_paragraphs():
    text = '# A title\n\nWords and\nmore.\n\n```python\nno words\n\nnor here\n```\n\n$$x$$\n\n`code` 12\n\n| a b | c |\n|---|---|\n| dd | e |'
    assert [p.words for p in paragraphs(text)] == [text[p.begin:p.end] for p in paragraphs(text)] == ['# A title', 'Words and\nmore.', '| a b | c |\n|---|---|\n| dd | e |']

CODE = '''#| export
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
    assert [p.words for p in pieces(code_cell(CODE))] == ['One sentence in two lines', 'a number', 'What it does.', 'why', 'A title', "{x} of 'them'", 'is it right', 'Half of it']
    assert pieces(code_cell('!ls -l # words')) == [] == pieces(dict(cell_type='raw', source=['words']))

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
    page = {'cells': [code_cell('import matplotlib.pyplot as plt'), code_cell("plt.title('x', label='A title') # words", [dict(output_type='stream', name='stdout', text='1')])]}
    table = {('x', 'A title'): '題', ('x', 'words'): '言葉'}
    without, with_ = in_language(page, table), in_language(page, table, 'Some Gothic')
    assert ''.join(without['cells'][1]['source']) == "plt.title('x', label='A title') # 言葉" and without['cells'][1]['outputs']
    assert ''.join(with_['cells'][1]['source']) == "plt.title('x', label='題') # 言葉" and not with_['cells'][1]['outputs']
    assert "'Some Gothic'" in ''.join(with_['cells'][0]['source']) and 'font' not in ''.join(without['cells'][0]['source'])

@both
def test_links_lead_somewhere(language, path):
    "An anchor of a link is in the page that it leads to, in its language."
    def told(p): return in_language(page(p), catalogue(language, p.stem))
    for target, name in re.findall(r'\]\((\w*(?:\.ipynb)?)#([\w-]+)\)', '\n'.join(''.join(c['source']) for c in told(path)['cells'] if c['cell_type'] == 'markdown')):
        other = path.with_name(target) if target else path
        english = '\n'.join(''.join(c['source']) for c in page(other)['cells'])
        if re.search(rf'<a id="{name}"', english): continue
        assert f'<a id="{name}"></a>' in '\n'.join(''.join(c['source']) for c in told(other)['cells']), f'{target}#{name}'

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
    from importlib import util
    spec = util.spec_from_file_location('translate', ROOT/'tools'/'translate.py')
    spec.loader.exec_module(tool := util.module_from_spec(spec))
    monkeypatch.setattr(tool, 'NBS', tmp_path), monkeypatch.setattr(tool, 'FOLDER', tmp_path/'to')
    def write(*texts): (tmp_path/'01_x.ipynb').write_text(json.dumps({'cells': [text_cell(t) | dict(id=f'c{i}') for i, t in enumerate(texts)]}))
    def entries(): return {e.msgid: e for e in polib.pofile(str(tmp_path/'to'/'xx'/'01_x.po'))}
    write('A sentence that stays.', 'A sentence with three apples.')
    tool.update('xx')
    po = polib.pofile(str(tmp_path/'to'/'xx'/'01_x.po'))
    for e in po: e.msgstr = f'<{e.msgid}>'
    po.save()
    write('A sentence that stays.', 'A sentence with 4 apples.', 'Something new.')
    tool.update('xx')
    found = entries()
    assert found['A sentence that stays.'].msgstr == '<A sentence that stays.>' and not found['A sentence that stays.'].fuzzy
    changed = found['A sentence with 4 apples.']
    assert changed.fuzzy and changed.previous_msgid == 'A sentence with three apples.' and changed.msgstr == '<A sentence with three apples.>'
    assert found['Something new.'].msgstr == '' and len(found) == 3
    assert len([*tool.found_in('xx', '01_x')]) == 2 # one to look at, one to write
    write('Something else.', 'A sentence that stays.')
    tool.update('xx')
    assert entries()['A sentence that stays.'].msgstr == '<A sentence that stays.>' and not entries()['A sentence that stays.'].fuzzy and len(entries()) == 2

def test_a_language_that_is_not_there():
    import subprocess
    said = subprocess.run([sys.executable, '-m', 'transformers_lite', 'course', 'x', '--lang', 'tlh'], capture_output=True, text=True, cwd=ROOT)
    assert said.returncode == 2 and "'tlh'" in said.stderr and 'ja' in said.stderr and not (ROOT/'x').exists()

def test_kept(): assert kept('`1` 2 {n} <b>') == {('code', '`1`'): 1, ('number', '2'): 1, ('place', '{n}'): 1, ('tag', '<b>'): 1}
