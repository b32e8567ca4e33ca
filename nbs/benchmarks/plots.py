"The charts of the benchmarks, for the file and for the page. Each names its processor."
from textwrap import fill

import matplotlib.pyplot as plt

THEIRS, OURS, DARK = '#b8b8b8', '#2a9d8f', '#264653'
COLOURS = OURS, '#e9a23b', '#8c64d2', '#c85078'  # of the processors

def named(m):
    "A machine in a few words."
    return f"{m['processor']}, {m['cores']} cores, {m['date']}"

def chart(results):
    "How many times as fast, line by line, on each processor; the tick is the aim."
    tables = {key: {r['name']: r for r in t['rows'] if r.get('unit') == 's'}
              for key, t in results.items()}
    names = [*dict.fromkeys(n for rows in reversed(tables.values()) for n in rows)][::-1]
    high = .8 / len(tables)
    fig, ax = plt.subplots(figsize=(9, (.17 + .16 * len(tables)) * len(names) + 1.3),
                           layout='constrained')
    for k, (key, rows) in enumerate(tables.items()):
        places = [i + .4 - high * (k + .5) for i, n in enumerate(names) if n in rows]
        ratios = [rows[n]['ratio'] for n in names if n in rows]
        ax.barh(places, ratios, color=COLOURS[k % 4], height=.9 * high,
                label=named(results[key]['machine']))
        for y, x in zip(places, ratios):
            ax.text(max(x, .5) * 1.03, y, f'{x:.1f}×', va='center', fontsize=7, color=DARK)
    for i, n in enumerate(names):
        aim = next(rows[n]['target'] for rows in reversed(tables.values()) if n in rows)
        if aim: ax.plot([aim] * 2, [i - .45, i + .45], color=DARK, lw=2)
    ax.set_yticks(range(len(names)), names, fontsize=8)
    ax.set(xscale='log', xlim=(.5, 80), ylim=(-.7, len(names) - .3),
           xlabel='times as fast as transformers (the tick: the aim)')
    ax.axvline(1, color=THEIRS, lw=1, zorder=0)
    ax.set_xticks([1, 2, 5, 10, 20, 50], ['1', '2', '5', '10', '20', '50'])
    fig.legend(loc='outside upper center', frameon=False, fontsize=8)
    for side in ('top', 'right'): ax.spines[side].set_visible(False)
    return fig

def growth_charts(growth, machines, k=0):
    "For each machine, a chart of each thing that grows: of the time, or (k=1) of the memory."
    shown = {key: {n: points for n, points in series.items() if any(p['ours'][k] for p in points)}
             for key, series in growth.items()}
    shown = {key: series for key, series in shown.items() if series}
    high = [-(-len(series) // 4) for series in shown.values()]  # rows of four charts
    fig = plt.figure(figsize=(11, 2.6 * sum(high)), layout='constrained')
    parts = fig.subfigures(len(shown), 1, height_ratios=high, squeeze=False)[:, 0]
    for part, n, (key, series) in zip(parts, high, shown.items()):
        part.suptitle(named(machines[key]), fontsize=10)
        axes = part.subplots(n, 4, squeeze=False)
        for ax in axes.flat[len(series):]: ax.axis('off')
        for ax, (name, points) in zip(axes.flat, series.items()):
            for who, colour, wide in (('theirs', THEIRS, 4), ('ours', OURS, 1.5)):
                ax.plot([p['x'] for p in points], [p[who][k] for p in points], marker='o', ms=4,
                        lw=wide, color=colour,
                        label=dict(theirs='transformers', ours='transformers_lite')[who])
            ax.set(ylim=0, ylabel=('seconds', 'MB')[k])
            ax.set_xlabel(fill(name, 34), fontsize=7)
        axes[0, 0].legend(frameon=False, fontsize=8)
    return fig

def draw_all(results, growth, folder):
    "The pictures that the pages show, which stand beside them."
    machines = {key: table['machine'] for key, table in results.items()}
    chart(results).savefig(folder/'speed.png', dpi=80)
    growth_charts(growth, machines).savefig(folder/'growth.png', dpi=80)
    growth_charts(growth, machines, 1).savefig(folder/'memory.png', dpi=80)
    plt.close('all')
