"One tokenizer, one processor and one model in eight threads, pickled, copied, in spawned workers and after a fork: the same answers."
import copy, pickle, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np, pytest, torch
from torch.utils.data import Dataset

from helpers import bert_vocab, run_python
from transformers_lite import (DistilBertConfig, DistilBertForSequenceClassification, DistilBertTokenizer, DistilBertTokenizerFast, ViTConfig, ViTForImageClassification,
    ViTImageProcessor, Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC, Wav2Vec2Processor)

TEXTS = [('The quick brown fox, number %d, jumps over the lazy dog. ' % i) * (1 + i % 7) for i in range(24)]
PICTURE, SOUND = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8), np.sin(np.arange(1600) / 7).astype(np.float32)

def tokenize(t, i):
    "One of four kinds of call, which cut and pad differently."
    kind = [{}, dict(truncation=True, max_length=8 + i), dict(padding='max_length', max_length=40, truncation=True), dict(truncation=True, max_length=9, stride=3, return_overflowing_tokens=True)][i % 4]
    return dict(t([TEXTS[i], TEXTS[-i]], **kind))

def bert():
    torch.manual_seed(0)
    return DistilBertForSequenceClassification(DistilBertConfig(vocab_size=40, dim=16, n_heads=2, n_layers=2, hidden_dim=32, max_position_embeddings=32)).eval()
def vit():
    torch.manual_seed(0)
    return ViTForImageClassification(ViTConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=16, patch_size=8)).eval()
def w2v():
    torch.manual_seed(0)
    return Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=16, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, conv_dim=(16, 16), conv_kernel=(10, 3),
        conv_stride=(5, 2), num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, pad_token_id=0)).eval()
def processor(): return Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), Wav2Vec2CTCTokenizer(vocab={t: i for i, t in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABCDEFGHIJK'])}))

@torch.no_grad()
def forward(m, i):
    g = torch.Generator().manual_seed(i)
    if m.main_input_name == 'input_ids': return m(torch.randint(0, 40, (3, 20), generator=g), attention_mask=(torch.arange(20) < torch.tensor([[20], [3 + i % 9], [11]])).long()).logits
    if m.main_input_name == 'pixel_values': return m(torch.rand(2, 3, 16, 16, generator=g)).logits
    return m(torch.randn(2, 300 + i, generator=g)).logits

def see(p, i): return np.asarray(p([np.roll(PICTURE, i, 0), PICTURE], return_tensors='np')['pixel_values'])
def hear(p, i): return [p(audio=SOUND[i:], sampling_rate=16000, return_tensors='np')['input_values'].tolist(), p(text='ABBA' * i)['input_ids'], p.decode([5, 5, 0, 5, 4, 6 + i % 9])]
def slow(): return DistilBertTokenizer(bert_vocab())
def fast(): return DistilBertTokenizerFast(bert_vocab())
def pictures(): return ViTImageProcessor(size=8)

THINGS = {'slow': (slow, tokenize), 'fast': (fast, tokenize), 'pictures': (pictures, see), 'sound': (processor, hear), 'bert': (bert, forward), 'vit': (vit, forward), 'w2v': (w2v, forward)}

def same(a, b): return torch.equal(a, b) if isinstance(a, torch.Tensor) else np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b

@pytest.fixture(params=THINGS)
def thing(request):
    "(what is shared, what is done with it, the answers)"
    make, do = THINGS[request.param]
    obj = make()
    return obj, do, [do(obj, i) for i in range(24)]

def test_eight_threads(thing):
    obj, do, want = thing
    gate = threading.Barrier(8)
    def work(k):
        gate.wait(60)
        return all(same(do(obj, i % 24), want[i % 24]) for j in range(4) for i in range(k, k + 24))
    with ThreadPoolExecutor(8) as pool: assert all(pool.map(work, range(8)))

def test_pickled_and_copied(thing):
    obj, do, want = thing
    for other in pickle.loads(pickle.dumps(obj)), copy.deepcopy(obj), copy.copy(obj): assert all(same(do(other, i), want[i]) for i in range(24))

class Work(Dataset):
    "Items that are made by the worker's copies, of each thing in turn."
    def __init__(self):
        self.made = {name: (make(), do) for name, (make, do) in THINGS.items()}
        for name in 'slow', 'fast': tokenize(self.made[name][0], 1) # used before, so that its threads and locks exist
    def __len__(self): return 24 * len(THINGS)
    def __getitem__(self, i):
        name = [*THINGS][i // 24]
        obj, do = self.made[name]
        return name, do(obj, i % 24)

def as_is(items): return items

@pytest.mark.parametrize('how', ['spawn', 'fork'])
def test_workers_of_a_data_loader(how):
    "Tokenizer, processors and a model go to two workers, started afresh or forked."
    code = f'''
import warnings
from torch.utils.data import DataLoader
import test_threads as t
warnings.simplefilter('ignore')
if __name__ == '__main__':
    work = t.Work()
    got = [x for batch in DataLoader(work, batch_size=6, num_workers=2, multiprocessing_context={how!r}, collate_fn=t.as_is) for x in batch]
    assert len(got) == len(work)
    for i, (name, item) in enumerate(got): assert t.same(item, work[i][1]), name
    print(*dict.fromkeys(name for name, _ in got))
'''
    assert run_python(code, Path(__file__).parent, OMP_NUM_THREADS='1', TOKENIZERS_PARALLELISM='false').split() == [*THINGS]

def test_fork_while_another_thread_encodes():
    "The child must neither wait for a lock that nobody will open, nor cut what it wasn't asked to cut."
    code = '''
import os, threading, test_threads as t
tok = t.THINGS['fast'][0]()
want, stop = [t.tokenize(tok, i) for i in range(24)], threading.Event()
def work():
    while not stop.is_set(): tok(t.TEXTS * 20, truncation=True, max_length=5)
threads = [threading.Thread(target=work) for _ in range(3)]
for x in threads: x.start()
codes = []
for k in range(20):
    pid = os.fork()
    if pid == 0:
        import signal
        signal.alarm(10) # a child that waits for ever is killed, and seen
        os._exit(0 if all(t.tokenize(tok, i) == want[i] for i in range(24)) else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
stop.set()
print(codes)
'''
    assert run_python(code, Path(__file__).parent, OMP_NUM_THREADS='1', TOKENIZERS_PARALLELISM='false').strip() == str([0] * 20)

def test_the_threads_would_find_a_mix():
    "Without taking turns the Rust tokenizer gives wrong rows or raises: the test above can fail."
    import contextlib
    from transformers_lite import tokenizer_fast as tokenizer
    t = DistilBertTokenizerFast(bert_vocab())
    want, bad = [tokenize(t, i) for i in range(24)], []
    def work(k):
        for j in range(40):
            for i in range(k, k + 24):
                try: bad.append(tokenize(t, i % 24) != want[i % 24])
                except Exception: bad.append(True)
                if any(bad[-1:]): return
    lock, tokenizer._one_at_a_time = tokenizer._one_at_a_time, contextlib.nullcontext()
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for x in threads: x.start()
        for x in threads: x.join()
    finally: tokenizer._one_at_a_time = lock
    assert any(bad)
