"""Draw the two pictures of the first page: what the shipped checkpoints make of a text, a picture
and a sound (nbs/first.png), and the map of the course (nbs/map.png). `make pictures` runs it."""
import json
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt, torch
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from transformers_lite import (
    AutoImageProcessor, AutoModelForCTC, AutoModelForImageClassification,
    AutoModelForSequenceClassification, AutoProcessor, AutoTokenizer, cached_file, load_audio)

NBS = Path(__file__).resolve().parents[1]/'nbs'
BLUE, GREEN, ORANGE, GREY = '#4682dc', '#3caa5a', '#e69628', '#888888'

# -- what the checkpoints make of a text, a picture and a sound

def show_pieces(ax, tokens, ids):
    "A row of coloured tokens over their ids."
    x, colours = 0, [BLUE, GREEN, ORANGE, '#c85078', '#8c64d2']
    for i, (t, n) in enumerate(zip(tokens, ids)):
        wide = .6 + .19*len(t)
        ax.add_patch(FancyBboxPatch((x, 0), wide, 1, boxstyle='round,pad=0,rounding_size=.1',
                                    fc=GREY if t[0] == '[' else colours[i % 5], alpha=.3, lw=0))
        ax.text(x + wide/2, .62, t, ha='center', va='center', fontsize=10)
        ax.text(x + wide/2, .22, n, ha='center', va='center', fontsize=7, color=GREY)
        x += wide + .12
    ax.set(xlim=(-.1, x), ylim=(-.1, 1.1)); ax.axis('off')

def show_bars(ax, shares, most=3):
    "Probabilities, the largest on top."
    best = sorted(shares.items(), key=lambda kv: kv[1])[-most:]
    ax.barh([k for k, _ in best], [v for _, v in best], color=BLUE, height=.6)
    ax.set(xlim=(0, 1), xticks=[]); ax.tick_params(labelsize=9, length=0)
    for side in ax.spines.values(): side.set_visible(False)

def shares(model, inputs, **kwargs):
    with torch.no_grad(): out = model(**inputs, **kwargs)
    return {model.config.id2label[i]: p
            for i, p in enumerate(out.logits[0].softmax(-1).tolist())}, out

def first(text='not a good film, but a warm one'):
    "The first picture of the first page."
    fig = plt.figure(figsize=(9, 4.3), layout='constrained')
    grid = fig.add_gridspec(3, 4, height_ratios=[.8, 2, 1.5], width_ratios=[1.5, 1.5, 1.2, 1.6])
    name = 'transformers-lite/distilbert-sentiment'
    tokenizer, model = (AutoTokenizer.from_pretrained(name),
                        AutoModelForSequenceClassification.from_pretrained(name))
    batch = tokenizer(text, return_tensors='pt')
    tokens, (found, out) = batch.tokens(), shares(model, batch, output_attentions=True)
    show_pieces(fig.add_subplot(grid[0, :]), tokens, batch.input_ids[0].tolist())
    for k, head in enumerate((0, 3)):
        ax = fig.add_subplot(grid[1, k])
        ax.imshow(out.attentions[-1][0, head], cmap='Blues', vmin=0)
        ax.set_xticks(range(len(tokens)), tokens, rotation=90, fontsize=6)
        ax.set_yticks(range(len(tokens)), tokens if not k else [''] * len(tokens), fontsize=6)
        ax.set_title(f'whom head {head} looks at', fontsize=8)
    show_bars(fig.add_subplot(grid[1, 2:]), found)
    name = 'transformers-lite/vit-digits'
    picture = sorted(cached_file(name, 'config.json').parent.glob('sample-*.png'))[0]
    ax = fig.add_subplot(grid[2, 0]); ax.imshow(Image.open(picture), cmap='gray'); ax.axis('off')
    digits = AutoModelForImageClassification.from_pretrained(name)
    show_bars(fig.add_subplot(grid[2, 1]), shares(
        digits, AutoImageProcessor.from_pretrained(name)(picture, return_tensors='pt'))[0])
    name = 'transformers-lite/wav2vec2-morse'
    processor, ear = AutoProcessor.from_pretrained(name), AutoModelForCTC.from_pretrained(name)
    sound = load_audio(cached_file(name, 'sample.flac'), sampling_rate=4000)
    with torch.no_grad():
        frames = ear(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits.argmax(-1)
    ax = fig.add_subplot(grid[2, 2:]); ax.plot(sound, lw=.3, color=BLUE); ax.axis('off')
    ax.set_title(processor.batch_decode(frames)[0], fontsize=11, family='monospace')
    return fig

# -- the map

CHAPTERS = { # chapter: (column, row, colour)
    '01_configuration': (0, 6, BLUE), '01a_attention': (1, 6, BLUE), '02_model': (2, 6, BLUE),
    '02a_distilbert': (3, 6, BLUE), '02b_checkpoint': (2, 5, BLUE), '02c_steps': (3, 5, BLUE),
    '03_heads': (4, 6, BLUE), '04_wordpiece': (1, 4, GREEN),
    '04a_tokenizer': (2, 4, GREEN), '04b_tokenizer_fast': (3, 4, GREEN),
    '05_image_processor': (1, 3, GREEN),
    '05a_vit': (2, 3, GREEN), '06_feature_extractor': (1, 2, GREEN), '06a_wav2vec2': (2, 2, GREEN),
    '07_processor': (3, 2, GREEN), '08_auto': (3, 3, ORANGE), '09_pipelines': (4, 3, ORANGE),
    '09a_tasks': (4, 2, ORANGE),
    '10_custom_architecture': (5, 6, ORANGE), '11_llama': (4, 5, ORANGE),
    '11a_generation': (4, 4, ORANGE), '11b_smollm': (3, 1, ORANGE), '12_sentiment': (5, 5, ORANGE),
    '13_digits': (5, 4, ORANGE), '14_morse': (5, 3, ORANGE), '14a_reviews': (4, 1, ORANGE),
    '15_finetuning': (5, 2, ORANGE),
    '16_scaling': (5, 1, ORANGE), '20_messages': (0, 0, GREY), '20a_store': (1, 0, GREY),
    '20b_files': (2, 0, GREY), '20c_rules': (3, 0, GREY), '20d_pretrained': (4, 0, GREY),
    '20e_features': (5, 0, GREY), '21_look': (0, -1, GREY), '22_layers': (1, -1, GREY),
    '23_tensorflow': (2, -1, GREY), '24_speed': (3, -1, GREY), '25_int8': (4, -1, GREY),
    '26_coming_from_transformers': (0, 4, GREY)}
ARROWS = ['01_configuration 01a_attention', '01a_attention 02_model', '02_model 02a_distilbert',
          '02a_distilbert 03_heads', '03_heads 10_custom_architecture',
          '04_wordpiece 04a_tokenizer',
          '04a_tokenizer 04b_tokenizer_fast',
          '05_image_processor 05a_vit', '06_feature_extractor 06a_wav2vec2',
          '06a_wav2vec2 07_processor', '05a_vit 08_auto', '08_auto 09_pipelines',
          '03_heads 11_llama', '11_llama 11a_generation']

def title(chapter): # the first heading of a chapter
    cell = json.loads((NBS/f'{chapter}.ipynb').read_text(encoding='utf-8'))['cells'][0]
    return ''.join(cell['source']).splitlines()[0].removeprefix('# ')

def course_map():
    "The map of the course."
    fig, ax = plt.subplots(figsize=(11, 6.9), layout='constrained')
    def at(chapter): return CHAPTERS[chapter][0]*2.05, CHAPTERS[chapter][1]*1.02
    for chapter, (_, _, colour) in CHAPTERS.items():
        x, y = at(chapter)
        ax.add_patch(FancyBboxPatch((x, y), 1.65, .72, boxstyle='round,pad=0,rounding_size=.08',
                                    fc=colour, alpha=.22, lw=0))
        number, _, _ = chapter.partition('_')
        ax.text(x + .06, y + .6, number, fontsize=7, color=GREY, va='center')
        ax.text(x + .85, y + .33, fill(title(chapter), 20), ha='center', va='center', fontsize=8)
    for a, b in map(str.split, ARROWS):
        (x, y), (u, v) = at(a), at(b)
        tail, head = ((x + 1.68, y + .36), (u - .03, v + .36))
        if x == u: tail, head = ((x + .82, y - .03), (u + .82, v + .75)) # one below the other
        ax.annotate('', head, tail,
                    arrowprops=dict(arrowstyle='->', color=GREY, shrinkA=0, shrinkB=0))
    for x, y, text, colour in ((0, 7.0, 'configuration  →  model  →  head', BLUE),
                               (0, 1.45, 'text, pictures, sound  →  numbers  →  model', GREEN),
                               (10.25, 7.0, 'your own', ORANGE), (0, -1.44, 'the workshop', GREY)):
        ax.text(x, y, text, fontsize=11, color=colour, weight='bold')
    ax.set(xlim=(-.1, 12.1), ylim=(-1.6, 7.3)); ax.axis('off')
    return fig

if __name__ == '__main__':
    torch.manual_seed(0)
    first().savefig(NBS/'first.png', dpi=100)
    course_map().savefig(NBS/'map.png', dpi=100)
