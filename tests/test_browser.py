"In a real browser: JupyterLab on loopback, a chapter in headless Chromium, every cell run by its menu."
import os, re, secrets, shutil, subprocess, sys, time

import pytest

from helpers import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

pytestmark = pytest.mark.skipif(not CHROMIUM and not os.environ.get('CI'), reason="no Chromium here; install it (Debian: apt-get install chromium) and this runs, as it does in CI")

@pytest.fixture(scope='module')
def lab(tmp_path_factory):
    "The course as a reader without a clone has it, in a JupyterLab: (folder, address, token)."
    folder, token = tmp_path_factory.mktemp('lab')/'course', secrets.token_hex(8)
    env = {**os.environ, 'HOME': str(folder.parent), 'JUPYTER_PREFER_ENV_PATH': '1', 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    subprocess.run([sys.executable, '-m', 'transformers_lite', 'course', folder], check=True, capture_output=True, env=env)
    make_lab = re.search(r'/jupyter lab (.+)', (ROOT/'Makefile').read_text())[1].split()
    args = [*make_lab, '--no-browser', '--ip=127.0.0.1', '--port=0', '--allow-root', f'--IdentityProvider.token={token}', f'--ServerApp.root_dir={folder}', '--LabApp.news_url=']
    log = open(folder.parent/'lab.log', 'w')
    server = subprocess.Popen([sys.executable, '-m', 'jupyterlab', *args], env=env, stdout=log, stderr=log)
    try:
        for _ in range(240):
            if m := re.search(r'http://127\.0\.0\.1:(\d+)/lab', (folder.parent/'lab.log').read_text()): break
            assert server.poll() is None, (folder.parent/'lab.log').read_text()
            time.sleep(.25)
        yield folder, f'http://127.0.0.1:{m[1]}', token
    finally: server.terminate(); server.wait(20); log.close()

@pytest.fixture(scope='module')
def page(lab):
    from playwright.sync_api import sync_playwright
    assert CHROMIUM, 'CI needs Chromium: .ci/run installs it'
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(viewport=dict(width=1200, height=1600))
        browser.close()

def run_all(page, lab, name):
    "Open a chapter, run all its cells by the menu, save, and give the notebook that was saved."
    import nbformat
    folder, address, token = lab
    nb = nbformat.read(folder/name, 4)
    for c in nb.cells:
        if c.cell_type == 'code': c.outputs = [] # what is there afterwards was made here
    nbformat.write(nb, folder/name)
    page.goto(f'{address}/lab/tree/{name}?token={token}&reset')
    page.locator('.jp-Notebook').wait_for(timeout=60_000)
    page.get_by_text('| Idle').first.wait_for(timeout=60_000) # the kernel is up
    page.get_by_role('menuitem', name='Run', exact=True).click()
    page.get_by_role('menuitem', name='Run All Cells', exact=True).click()
    deadline = time.time() + 120
    while time.time() < deadline:
        page.keyboard.press('Control+s')
        time.sleep(1)
        saved = nbformat.read(folder/name, 4)
        code = [c for c in saved.cells if c.cell_type == 'code' and c.source.strip()]
        errors = [o for c in code for o in c.outputs if o.output_type == 'error']
        if errors or all(c.execution_count for c in code): return saved, errors
    raise AssertionError(f'{sum(bool(c.execution_count) for c in code)} of {len(code)} cells were run in two minutes')

def test_make_lab_opens_the_first_chapter(page, lab):
    page.goto(f'{lab[1]}/?token={lab[2]}')
    page.locator('.lm-TabBar-tab.lm-mod-current', has_text='00_first_hour.ipynb').first.wait_for(timeout=60_000)
    page.get_by_role('heading', name='The first hour').first.wait_for(timeout=30_000)

def test_a_chapter_runs_in_jupyterlab(page, lab):
    saved, errors = run_all(page, lab, '02c_steps.ipynb')
    assert errors == []
    shown = [o.data for c in saved.cells if c.cell_type == 'code' for o in c.outputs if o.output_type == 'execute_result']
    assert any('DistilBertModel' in d.get('text/html', '') and 'TransformerBlock' in d['text/html'] for d in shown)
    link = page.locator('.jp-OutputArea-output a', has_text='22_layers').first
    link.scroll_into_view_if_needed(timeout=30_000)
    link.click()
    page.locator('.lm-TabBar-tab.lm-mod-current', has_text='22_layers.ipynb').first.wait_for(timeout=30_000) # the link of a step opens the chapter
    page.screenshot(path=lab[0].parent/'steps.png')

def test_a_slip_is_noticed(page, lab): # negative control
    import nbformat
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('1/0')], metadata=dict(kernelspec=dict(name='python3', display_name='python3', language='python')))
    nbformat.write(nb, lab[0]/'slip.ipynb')
    _, errors = run_all(page, lab, 'slip.ipynb')
    assert [e.ename for e in errors] == ['ZeroDivisionError']
