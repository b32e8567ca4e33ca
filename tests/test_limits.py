"The suite ends on any machine: what hangs fails, what it started ends with it, and a notebook that is done is freed."
import gc, json, os, re, sys, time, weakref

import pytest

from helpers import ROOT, run
from test_notebooks import Run

def notebook(folder, *sources):
    "A notebook with these code cells."
    cells = [dict(cell_type='code', id=f'cell{i}', metadata={}, source=s, outputs=[], execution_count=None) for i, s in enumerate(sources)]
    path = folder/'made.ipynb'
    path.write_text(json.dumps(dict(cells=cells, metadata={}, nbformat=4, nbformat_minor=5)))
    return path

def test_a_closed_notebook_is_freed(tmp_path):
    book = Run(notebook(tmp_path, 'class Large: pass\nlarge = Large()', 'large', 'import matplotlib.pyplot as plt\nfig = plt.figure(); fig.large = large'))
    book.upto(2, 'all')
    held = weakref.ref(book.shell.user_ns['large'])
    gc.collect()
    assert held() # negative control: an open one keeps it
    book.close()
    gc.collect()
    assert held() is None

HANGS = {'waiting': 'import threading\nthreading.Event().wait(30)', 'computing': 'import time\nend = time.time() + 30\nwhile time.time() < end: pass'}

@pytest.mark.parametrize('source', HANGS.values(), ids=HANGS)
def test_a_cell_that_does_not_end(tmp_path, source):
    book, start = Run(notebook(tmp_path, 'x = 1', source, 'x'), limit=1), time.time()
    book.upto(0, 'the first')
    with pytest.raises(pytest.fail.Exception, match=r'(?s)cell 2 of made.ipynb \(for the second\).*Timed out after 1s.*It was here:.*(wait\(30\)|while time)'): book.upto(1, 'the second')
    with pytest.raises(pytest.fail.Exception, match='an earlier cell failed: cell 2 of made.ipynb'): book.upto(2, 'the third')
    assert time.time() - start < 20
    book.close()

SUITE = """
import itertools, time
def test_passes(): pass
def test_sleeps(): time.sleep(60)
def test_holds_the_interpreter(): sum(itertools.repeat(0))  # in C, and deaf to signals
"""

def test_a_test_that_does_not_end(tmp_path):
    """Python is interrupted, and the run goes on; C code ends with its process, and the run with it.

    (A process is not replaced, since pytest-xdist 3.8 hangs when it does: its issues 1323 and 1327.)"""
    (tmp_path/'test_hangs.py').write_text(SUITE)
    args = '-n', 1, '-c', ROOT/'pyproject.toml', '--rootdir', tmp_path, '-o', 'timeout=2', '-o', 'faulthandler_timeout=6', tmp_path/'test_hangs.py'
    with pytest.raises(AssertionError) as e: run(sys.executable, '-m', 'pytest', *args, cwd=tmp_path, limit=120)
    said = str(e.value)
    assert 'failed with 1' in said and '2 failed, 1 passed' in said and 'FAILED test_hangs.py::test_sleeps - Failed: Timeout (>2.0s) from pytest-timeout' in said
    assert "worker 'gw0' crashed while running 'test_hangs.py::test_holds_the_interpreter'" in said
    assert re.search(r'Timeout \(0:00:06\)!.*, line 5 in test_holds_the_interpreter', said, re.S)  # where it stood

@pytest.mark.skipif(sys.platform != 'linux', reason='read from /proc')
def test_each_process_says_what_it_held(tmp_path):
    (tmp_path/'test_holds.py').write_text('def test_little(): pass\ndef test_much(): assert len(b"x" * 300_000_000)\n')
    def said(most):
        source = (ROOT/'tests'/'conftest.py').read_text()
        source, count = re.subn(r'^MEMORY = \d+', f'MEMORY = {most}', source, flags=re.M)
        assert count == 1
        (tmp_path/'conftest.py').write_text(source)
        return run(sys.executable, '-m', 'pytest', '-n', 1, '-q', '-c', ROOT/'pyproject.toml', '--rootdir', tmp_path, tmp_path/'test_holds.py', cwd=tmp_path)
    assert re.search(r'memory, gw0: 3\d\d MB at most, in test_holds.py::test_much', said(4000))
    with pytest.raises(AssertionError, match=r'(?s)failed with 1\n.*memory, gw0: 3\d\d MB at most, MORE THAN 200, in test_holds.py::test_much.*2 passed'): said(200)

def test_the_limits_stand_in_this_order(pytestconfig):
    import test_notebooks
    assert 0 < test_notebooks.LIMIT < float(pytestconfig.getini('timeout')) < float(pytestconfig.getini('faulthandler_timeout')) and pytestconfig.getini('faulthandler_exit_on_timeout')

PARENT = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(p.pid, flush=True); open(sys.argv[1], 'w').write(str(p.pid)); p.wait()"

@pytest.mark.skipif(os.name != 'posix', reason='groups of processes are POSIX')
def test_a_script_that_does_not_end(tmp_path):
    start = time.time()
    with pytest.raises(AssertionError, match=r"(?s)has not ended after 3 seconds.*\d+"): run(sys.executable, '-c', PARENT, tmp_path/'pid', limit=3)
    assert time.time() - start < 20
    pid = int((tmp_path/'pid').read_text())
    for _ in range(50): # the grandchild, too
        if not alive(pid): return
        time.sleep(.1)
    pytest.fail('what the script started still runs')

def alive(pid):
    "Does a process run? One that has ended and is not yet waited for doesn't."
    try: os.kill(pid, 0)
    except ProcessLookupError: return False
    stat = f'/proc/{pid}/stat'
    return not (os.path.exists(stat) and open(stat).read().rpartition(')')[2].split()[0] == 'Z')
