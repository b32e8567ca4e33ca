"The judge: what it writes, what it does with a line that fails, that floors are the quickest way, and that figures name their processor."
import json, sys, time

import matplotlib.pyplot as plt, pytest, torch

from helpers import NOTEBOOKS, ROOT

sys.path.insert(0, str(ROOT/'nbs'))
main = pytest.importorskip('benchmarks.__main__')
from benchmarks import cases, growth, machine, plots
from benchmarks.timing import Case, Race, alternate

RESULTS, GROWTH = (json.loads((ROOT/'nbs'/'benchmarks'/f'{n}.json').read_text()) for n in ('results', 'growth'))

def rest(): time.sleep(.001)
def good(): return Race(rest, rest)
def bad(): raise ValueError('it broke')
def none(): return 'this processor has none'

@pytest.fixture
def judge(monkeypatch, tmp_path):
    "The judge with three short lines, one of which fails, in a folder that has another machine's results."
    (tmp_path/'benchmarks').mkdir()
    for n in ('results', 'growth'): (tmp_path/'benchmarks'/f'{n}.json').write_text(json.dumps({'Other, AVX2': dict(machine=dict(processor='Other, AVX2', cores=2, date='2026-01-01'), rows=[]) if n == 'results' else GROWTH[next(iter(GROWTH))]}))
    monkeypatch.setattr(main, 'HERE', tmp_path/'benchmarks')
    monkeypatch.setattr(main, 'CASES', [Case('breaks', bad), Case('runs', good, runs=3), Case('has none', none)])
    monkeypatch.setattr(growth, 'SERIES', {'nothing much': ((1, 2), lambda x: dict(theirs=rest, ours=rest))})
    before = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(before)
    plt.close('all')

def test_a_line_that_fails_loses_no_other(judge, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['benchmarks', '--times', '2'])
    with pytest.raises(SystemExit, match='breaks'): main.main()
    written = json.loads((judge/'benchmarks'/'results.json').read_text())
    assert [*written] == ['Other, AVX2', machine.name()] and written[machine.name()]['machine']['linear'] in [f'few rows: {a}, many rows: {b}' for a in ('MKL', 'oneDNN') for b in ('MKL', 'oneDNN')]
    broke, ran, left = written[machine.name()]['rows']
    assert broke['error'] == 'ValueError: it broke' and len(ran['ratios']) == 2 and left['left_out'] == 'this processor has none'
    said = capsys.readouterr().out
    assert '6/6' in said and 'FAILED' in said and (judge/'speed.png').exists()

def test_lines_are_written_as_they_come(judge, monkeypatch):
    def stop(): raise KeyboardInterrupt
    monkeypatch.setattr(main, 'CASES', [Case('runs', good, runs=1), Case('is stopped', stop)])
    monkeypatch.setattr(sys, 'argv', ['benchmarks'])
    with pytest.raises(KeyboardInterrupt): main.main()
    assert [r['name'] for r in json.loads((judge/'benchmarks'/'results.json').read_text())[machine.name()]['rows']] == ['runs']

def test_one_word_writes_its_lines_alone(judge, monkeypatch):
    "The other lines stay, with the machine's entry; a line that is measured later names its commit. No picture is drawn."
    path = judge/'benchmarks'/'results.json'
    monkeypatch.setattr(sys, 'argv', ['benchmarks'])
    with pytest.raises(SystemExit): main.main() # one line breaks
    before = json.loads(path.read_text())[machine.name()]
    (judge/'speed.png').unlink()
    monkeypatch.setattr(sys, 'argv', ['benchmarks', 'runs'])
    monkeypatch.setattr(main, 'machine', lambda: before['machine'] | {'commit': 'later'})
    main.main()
    after = json.loads(path.read_text())[machine.name()]
    assert after['machine'] == before['machine'] and [r['name'] for r in after['rows']] == [r['name'] for r in before['rows']]
    assert {r['name']: r.get('commit') for r in after['rows']} == {r['name']: 'later' if r['name'] == 'runs' else None for r in before['rows']}
    assert not (judge/'speed.png').exists()

def test_a_long_line_has_fewer_turns():
    slow = lambda: time.sleep(.05)
    assert len(alternate(Race(slow, slow), 9, seconds=.1)['ours']) == 2
    assert len(alternate(Race(rest, rest), 9)['ours']) == 9

def test_the_floor_is_the_quickest_way(monkeypatch):
    "Of the ways to multiply, the slow ones are not taken."
    taken = []
    def way(name, wait): return lambda x, w: lambda: (taken.append(name), time.sleep(wait))
    monkeypatch.setattr(cases, 'linear_ways', lambda *_: dict(slow=way('slow', .01), quick=way('quick', .001), slower=way('slower', .02)))
    run = cases.products([(2, 3, 4, 5)])
    taken.clear()
    run()
    assert taken == ['quick'] * 5

def test_all_ways_are_the_product():
    x, w = torch.randn(40, 64), torch.randn(32, 64)
    ways = cases.linear_ways(40, 32)
    assert 'torch' in ways
    with torch.inference_mode():
        for name, way in ways.items(): assert torch.allclose(way(x, w)(), x @ w.t(), atol=1e-4), name

def test_a_machine_under_a_forced_set_has_a_name_of_its_own(monkeypatch):
    for k in machine.FORCED: monkeypatch.delenv(k, raising=False)
    plain = machine.name()
    monkeypatch.setenv('ATEN_CPU_CAPABILITY', 'default')
    assert machine.name() == f'{plain} by ATEN_CPU_CAPABILITY=default'

def test_a_decoder_goes_on_from_the_same_place(monkeypatch, tmp_path):
    "What a turn adds to the cache, it takes away, in both."
    config = cases.L.LlamaConfig(vocab_size=50000, hidden_size=16, intermediate_size=16, num_attention_heads=2, num_hidden_layers=2)
    cases.L.LlamaModel(config).save_pretrained(tmp_path)
    pair = [getattr(package, 'LlamaModel').from_pretrained(tmp_path) for package in (cases.T, cases.L)]
    seen = {m: [] for m in pair}
    for m in pair: m.register_forward_pre_hook(lambda m, args, kwargs: seen[m].append(kwargs['past_key_values'].get_seq_length() if 'past_key_values' in kwargs else 0), with_kwargs=True)
    monkeypatch.setattr(growth, 'model_pair', lambda *_: pair)
    race = growth.going_on(2, 10, 3)
    for f in race.values(): f(), f()
    assert [*race] == ['theirs', 'ours'] and [*seen.values()] == [[0, *[10, 11, 12] * 2]] * 2

def test_an_import_is_not_compiled_each_time(monkeypatch):
    monkeypatch.setenv('PYTHONDONTWRITEBYTECODE', '1')
    assert cases.inner('import sys; print(float(sys.dont_write_bytecode))') == 0

def test_what_a_chapter_defines_is_found():
    layer, with_int8 = cases.from_page('25_int8', 'Int8Linear', 'with_int8')
    small = with_int8(torch.nn.Sequential(torch.nn.Linear(8, 4)))
    assert type(small[0]) is layer and small(torch.ones(1, 8)).shape == (1, 4)
    with pytest.raises(KeyError): cases.from_page('25_int8', 'Int9Linear')

# what is kept

@pytest.mark.parametrize('key', RESULTS)
def test_floors_are_floors(key):
    assert [r['name'] for r in RESULTS[key]['rows'] if r.get('over_floor') and r['over_floor'] < .9] == []
    assert [r['name'] for r in RESULTS[key]['rows'] if 'error' in r] == [] and RESULTS[key]['machine']['processor'] == key

def test_every_curve_has_its_machine(): assert GROWTH.keys() <= RESULTS.keys()

def test_charts_name_their_processors():
    chart = plots.chart(RESULTS)
    said = [t.get_text() for t in chart.legends[0].get_texts()]
    assert said == [plots.named(t['machine']) for t in RESULTS.values()] and all(key in s for key, s in zip(RESULTS, said))
    machines = {key: t['machine'] for key, t in RESULTS.items()}
    for k in (0, 1): assert [part.get_suptitle() for part in plots.growth_charts(GROWTH, machines, k).subfigs] == [plots.named(machines[key]) for key in GROWTH]
    plt.close('all')

def test_figures_of_speed_name_the_processor():
    cells = {n: json.loads(next(p for p in NOTEBOOKS if p.stem == n).read_text(encoding='utf-8'))['cells'] for n in ('24_speed', '25_int8')}
    prose = '\n'.join(''.join(c['source']) for c in cells['24_speed'] if c['cell_type'] == 'markdown')
    for n in ('speed', 'growth', 'memory'): assert f']({n}.png)' in prose # those that the bench draws
    drawn = [''.join(c['source']) for c in cells['25_int8'] if c['cell_type'] == 'code' and 'plt.show()' in ''.join(c['source'])]
    timed = [code for code in drawn if 'times' in code]
    assert len(timed) == 2 and all('{this_processor()}' in code for code in timed)

@pytest.mark.parametrize('maker,family,flags,said', [('AuthenticAMD', '25', 'avx2', ', Zen 3'), ('AuthenticAMD', '25', 'avx2 avx512f', ', Zen 4'), ('AuthenticAMD', '26', 'avx512f', ', Zen 5'), ('AuthenticAMD', '23', 'avx2', ''), ('GenuineIntel', '25', 'avx512f', ''), ('', '', '', '')])
def test_which_core_it_is(monkeypatch, maker, family, flags, said):
    fields = {'vendor_id': maker, 'cpu family': family, 'flags': flags, 'model name': 'A name'}
    monkeypatch.setattr(machine, 'cpuinfo', lambda field: fields.get(field, ''))
    assert machine.zen() == said and machine.name().startswith(f'A name{said}, ')
