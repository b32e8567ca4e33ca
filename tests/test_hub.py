"The hub for real, without the hub: a server on this machine plays it for huggingface_hub, with every fault that it can have."
import hashlib, re
from collections import Counter

import pytest, torch

from helpers import Answering, run_python, serving
from transformers_lite import DistilBertConfig, DistilBertForSequenceClassification, DistilBertTokenizer, ViTImageProcessor

COMMIT, OLD = 'c0ffee00' * 5, 'bada55e5' * 5
WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'hello', 'world']

class Hub(Answering):
    "Serves the files of a folder; `server.faults` has a function for each repository that answers otherwise."

    def do_GET(self):
        parts = re.fullmatch(r'/(\w+/\w+)/resolve/([^/]+)/(.+)', self.path)
        if not parts: return self.answer(404)
        repo, self.revision, self.name = parts.groups()
        self.server.asked.append((self.command, repo, self.name, self.headers.get('Range')))
        self.n = self.server.count[repo, self.command, self.name] = self.server.count[repo, self.command, self.name] + 1
        fault = self.server.faults.get(repo)
        if fault is None: return self.answer(404, X_Error_Code='RepoNotFound')
        fault(self)

    do_HEAD = do_GET

    def serve(self, folder, cut=None, body=None, commit=COMMIT):
        "Answer with a file; `cut`: break off after so many bytes; `body`: other bytes than the file's, under its size."
        path = folder/self.name
        if self.revision not in ('main', commit): return self.answer(404, X_Error_Code='RevisionNotFound')
        if not path.is_file(): return self.answer(404, X_Error_Code='EntryNotFound', X_Repo_Commit=commit)
        data = path.read_bytes()
        head, start = dict(ETag=f'"{hashlib.sha1(data).hexdigest()}"', X_Repo_Commit=commit, Accept_Ranges='bytes'), re.match(r'bytes=(\d+)-', self.headers.get('Range') or '')
        if start:
            a = int(start[1])
            return self.answer(206, data[a:], Content_Range=f'bytes {a}-{len(data) - 1}/{len(data)}', **head)
        if self.command == 'GET' and body is not None: return self.answer(200, body, **head)
        if self.command == 'GET' and cut is not None:
            self.answer(200, data[:cut], length=len(data), **head)
            self.close_connection = True
            return self.connection.close()
        self.answer(200, data, **head)

@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    "A model with its tokenizer and an image processor, as a repository holds them."
    d = tmp_path_factory.mktemp('repository')
    torch.manual_seed(0)
    DistilBertForSequenceClassification(DistilBertConfig(vocab_size=7, dim=16, n_heads=2, n_layers=1, hidden_dim=32, max_position_embeddings=16)).save_pretrained(d)
    DistilBertTokenizer(vocab={t: i for i, t in enumerate(WORDS)}).save_pretrained(d)
    ViTImageProcessor(size=8).save_pretrained(d)
    for p in [p for p in d.iterdir()]: (d/'sub').mkdir(exist_ok=True); (d/'sub'/p.name).write_bytes(p.read_bytes())
    (d/'big.txt').write_bytes(b'0123456789abcdef' * (25 * 2**16)) # 25 MB: huggingface_hub writes down, and resumes after, each 10 MB
    return d

@pytest.fixture
def hub(tmp_path, folder):
    with serving(Hub, tmp_path/'hf', asked=[], count=Counter(), faults={'fleet/good': lambda h: h.serve(folder)}) as server:
        server.env['OMP_NUM_THREADS'] = '1'
        server.run = lambda code, **env: run_python(HEAD + code, **{**server.env, **env})
        yield server

HEAD = '''
import time, warnings
_sleep, time.sleep = time.sleep, lambda s: None # waiting between attempts is huggingface_hub's, and it is long
from transformers_lite.files import cached_file
from transformers_lite.store import read_json
def get(name, filename='config.json', **k):
    try: return str(len(cached_file(name, filename, **k).read_bytes()))
    except OSError as e: return f'{type(e).__name__}: {e}'
'''

def test_a_model_with_all_that_belongs_to_it(hub, folder):
    "from_pretrained of every kind of thing, from the hub, then from the cache without it; a subfolder."
    code = '''
import torch
from transformers_lite import AutoConfig, AutoImageProcessor, AutoModelForSequenceClassification, AutoTokenizer
for k in {}, dict(subfolder='sub'):
    t, m = AutoTokenizer.from_pretrained(name, **k), AutoModelForSequenceClassification.from_pretrained(name, **k)
    print(type(t).__name__, AutoImageProcessor.from_pretrained(name, **k).size, round(m(**t('hello world', return_tensors='pt')).logits.sum().item(), 4))
'''
    local = hub.run(f'name = {str(folder)!r}\n' + code)
    assert hub.run("name = 'fleet/good'\n" + code) == local and len({*local.splitlines()}) == 1
    asked = len(hub.asked)
    assert hub.run("name = 'fleet/good'\n" + code, HF_HUB_OFFLINE='1') == local and len(hub.asked) == asked

def test_shards(hub, tmp_path):
    torch.manual_seed(1)
    m = DistilBertForSequenceClassification(DistilBertConfig(vocab_size=7, dim=16, n_heads=2, n_layers=2, hidden_dim=32, max_position_embeddings=16))
    m.save_pretrained(tmp_path/'shards', max_shard_size='4KB')
    hub.faults['fleet/shards'] = lambda h: h.serve(tmp_path/'shards')
    code = "from transformers_lite import DistilBertForSequenceClassification as M\nprint(round(sum(p.double().sum().item() for p in M.from_pretrained('fleet/shards').parameters()), 6))"
    assert float(hub.run(code)) == pytest.approx(sum(p.double().sum().item() for p in m.parameters()), abs=1e-5)

def test_revisions(hub, folder, tmp_path):
    (tmp_path/'old').mkdir()
    (tmp_path/'old'/'config.json').write_text('{"dim": 8, "n_heads": 2}')
    hub.faults['fleet/two'] = lambda h: h.serve(tmp_path/'old', commit=OLD) if h.revision == OLD else h.serve(folder)
    out = hub.run(f'''
from transformers_lite import DistilBertConfig
for k in {{}}, dict(revision='{OLD}'): print(DistilBertConfig.from_pretrained('fleet/two', **k).dim)
print(get('fleet/two', revision='v9'))
''').splitlines()
    assert out[:2] == ['16', '8'] and "has no revision 'v9': name a branch, a tag or a commit" in out[2]

def test_resume_after_a_cut(hub, folder):
    "A download that breaks off after 12 of 25 MB goes on where it was, and the file is whole."
    hub.faults['fleet/cut'] = lambda h: h.serve(folder, cut=12 * 2**20 if h.n == 1 else None)
    out = hub.run('''
import hashlib
print(hashlib.sha1(cached_file('fleet/cut', 'big.txt').read_bytes()).hexdigest())''')
    assert out.strip() == hashlib.sha1((folder/'big.txt').read_bytes()).hexdigest()
    ranges = [r for c, repo, name, r in hub.asked if c == 'GET' and repo == 'fleet/cut']
    assert ranges == [None, f'bytes={10 * 2**20}-']

def test_a_cut_that_stays(hub, folder):
    "Attempts end, the message says what to do, and what is loaded next is not the half file."
    hub.faults['fleet/cut'] = lambda h: h.serve(folder, cut=100 if h.server.broken else None)
    hub.broken = True
    assert re.match("OSError: Can't get 'config.json' of 'fleet/cut': the download failed .*try again later", hub.run("print(get('fleet/cut'))"))
    hub.broken = False
    assert hub.run("print(get('fleet/cut'))").strip() == str((folder/'config.json').stat().st_size)

def status(n, code='', times=10**9, on=('HEAD', 'GET')):
    "A fault: this status for the first requests, then the files."
    def fault(h): h.answer(n, b'no', **({'X_Error_Code': code} if code else {}), **({'RateLimit': '"api";r=0;t=1'} if n == 429 else {})) if h.n <= times and h.command in on else h.serve(h.server.folder)
    return fault

@pytest.mark.parametrize('fault, said', [
    (status(401), "doesn't know your token|check the spelling"), (status(401, 'RepoNotFound'), 'check the spelling; for a private one pass `token=`'),
    (status(403, 'GatedRepo'), 'gated: ask for access on its page, then pass `token=`'), (status(403), 'may not read or write this .403.: ask for access'),
    (status(404, 'RepoNotFound'), 'no public repository on the hub: check the spelling'), (status(404, 'RevisionNotFound'), "has no revision 'None'|name a branch"),
    (status(404, 'EntryNotFound'), 'has no such file'), (status(429), 'too many requests from here .429.: wait'), (status(500), 'fault of its own .500.: try again later'), (status(503), 'fault of its own .503.'),
    (status(400), 'the download failed')], ids=lambda x: x if isinstance(x, str) else '')
def test_errors_and_what_to_do(fault, said, hub, folder):
    hub.folder, hub.faults['fleet/bad'] = folder, fault
    out = hub.run("print(get('fleet/bad'))")
    assert re.match(f"(OSError|FileNotFoundError): Can't get 'config.json' of 'fleet/bad': .*({said})", out, re.S), out
    assert ('FileNotFoundError' in out) == ('no such file' in out) # a caller who can do without the file goes on only if there is none

@pytest.mark.parametrize('fault', [status(500, times=2, on=['HEAD']), status(500, times=2, on=['GET']), status(502, times=2), status(429, times=1, on=['HEAD'])])
def test_a_fault_that_passes(fault, hub, folder):
    hub.folder, hub.faults['fleet/shaky'] = folder, fault
    assert hub.run("print(get('fleet/shaky'))").strip() == str((folder/'config.json').stat().st_size)

@pytest.mark.parametrize('body, said', [(b'{"dim"', 'Consistency check failed.*force_download=True'), (None, "config.json' is not a valid JSON file.*force_download=True")])
def test_corrupted_downloads(body, said, hub, folder, tmp_path):
    "Fewer bytes than promised are noticed at once; other bytes when they are read. Downloaded again, all is well."
    size = (folder/'config.json').stat().st_size
    hub.faults['fleet/corrupt'] = lambda h: h.serve(folder, body=(body or b'<html>' + b' ' * (size - 6)) if h.server.broken else None)
    code = "\nfrom transformers_lite import DistilBertConfig\ntry: print(DistilBertConfig.from_pretrained('fleet/corrupt', force_download=again).dim)\nexcept OSError as e: print(e)"
    hub.broken = True
    assert re.search(said, hub.run('again = False' + code), re.S)
    hub.broken = False
    assert hub.run('again = True' + code).strip() == '16'

def test_corrupted_weights(hub, folder):
    "Weights of the right size and with a wrong header."
    hub.faults['fleet/corrupt'] = lambda h: h.serve(folder, body=b'\xff' * (folder/h.name).stat().st_size if h.name.endswith('.safetensors') else None)
    out = hub.run("from transformers_lite import DistilBertModel\ntry: DistilBertModel.from_pretrained('fleet/corrupt')\nexcept OSError as e: print(e)")
    assert "model.safetensors' is not a whole safetensors file" in out and 'again' in out

def test_offline(hub):
    "Without a cache: an error that says so. With one: the cache, and not one question."
    assert 'offline mode is on (HF_HUB_OFFLINE): download it once' in hub.run("print(get('fleet/good'))", HF_HUB_OFFLINE='1')
    assert 'local_files_only=True says not to ask the hub: download it once' in hub.run("print(get('fleet/good', local_files_only=True))")
    assert not hub.asked
    size = hub.run("print(get('fleet/good'))")
    asked = len(hub.asked)
    assert size.strip().isdigit() and size == hub.run("print(get('fleet/good'))", HF_HUB_OFFLINE='1') == hub.run("print(get('fleet/good', local_files_only=True))") and len(hub.asked) == asked

def test_the_network_is_gone(hub):
    "A cache is used if the hub can't be reached; nothing else can be had."
    size = hub.run("print(get('fleet/good'))")
    assert hub.run("print(get('fleet/good'))", HF_ENDPOINT='http://127.0.0.1:9') == size
    assert 'the hub could not be asked (are you offline?): download it once, or pass a local folder' in hub.run("print(get('fleet/other'))", HF_ENDPOINT='http://127.0.0.1:9')

@pytest.mark.parametrize('how', [(401, 'run `hf auth login` again'), (403, 'may not read or write this'), (500, 'try again later')])
def test_a_push_that_is_refused(how, hub, tmp_path):
    "The error is huggingface_hub's own, with a note on what to do; the object is as it was."
    Hub.do_POST = lambda self: (self.rfile.read(int(self.headers.get('Content-Length', 0))), self.answer(how[0], b'{"error": "no"}', Content_Type='application/json'))
    try: out = hub.run('''
from huggingface_hub.errors import HfHubHTTPError
from transformers_lite import DistilBertConfig
c = DistilBertConfig()
try: c.push_to_hub('fleet/new', token='hf_x')
except HfHubHTTPError as e: print(e.response.status_code, c == DistilBertConfig(), *e.__notes__)''')
    finally: del Hub.do_POST
    assert out.startswith(f"{how[0]} True 'fleet/new' was not uploaded: ") and how[1] in out
