"""What a reader's own architecture gets from the base classes without asking: two that the course doesn't have.

An encoder that sees only its neighbours (a window) with learned positions, and a decoder with rotary positions and RMSNorm, whose angles are a buffer that isn't saved."""
import functools
from typing import Literal

import pytest, torch
from fastcore.basics import store_attr
from hypothesis import HealthCheck, given, settings, strategies as st
from torch import nn

from transformers_lite import BaseModelOutput, BaseModelOutputWithPast, PretrainedConfig, PreTrainedModel, activation, multi_head
from transformers_lite.rules import ACTIVATIONS, Activation, Count, Share, Size

class NearConfig(PretrainedConfig):
    model_type = 'near'
    def __init__(self, vocab_size:int=20, hidden_size:int=16, heads:int=2, layers:int=2, window:int=2, max_position_embeddings:int=40, hidden_act:str='silu', **kwargs):
        self.vocab_size, self.hidden_size, self.heads, self.layers = vocab_size, hidden_size, heads, layers
        self.window, self.max_position_embeddings, self.hidden_act = window, max_position_embeddings, hidden_act
        super().__init__(**kwargs)

class NearBlock(nn.Module):
    "Pre-norm attention to neighbours, and a gated feed-forward part."
    def __init__(self, c):
        super().__init__()
        d = c.hidden_size
        self.norm1, self.norm2, self.heads, self.window = nn.LayerNorm(d), nn.LayerNorm(d), c.heads, c.window
        self.qkv, self.mix, self.gate, self.up, self.down = nn.Linear(d, 3*d), nn.Linear(d, d), nn.Linear(d, 2*d), nn.Linear(d, 2*d), nn.Linear(2*d, d)
        self.act = activation(c.hidden_act)

    def forward(self, x, context):
        x = x + self.mix(multi_head(*self.qkv(self.norm1(x)).chunk(3, -1), self.heads, context, window=self.window))
        y = self.norm2(x)
        return x + self.down(self.act(self.gate(y)) * self.up(y))

class NearModel(PreTrainedModel):
    config_class = NearConfig
    def __init__(self, config):
        super().__init__(config)
        self.words, self.places = nn.Embedding(config.vocab_size, config.hidden_size), nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.blocks = nn.ModuleList(NearBlock(config) for _ in range(config.layers))
    def get_input_embeddings(self): return self.words

    def forward(self, input_ids, attention_mask=None, output_attentions=False, output_hidden_states=False):
        context = self.context(input_ids, attention_mask, output_attentions=output_attentions)
        x = self.words(input_ids) + self.places(context.positions)
        return BaseModelOutput(*self.run_blocks(self.blocks, x, context, output_hidden_states))

class TurnConfig(NearConfig): model_type = 'turn'

class TurnBlock(NearBlock):
    "Queries and keys turned by their place (Su et al., 2021)."
    def __init__(self, c):
        super().__init__(c)
        d = c.hidden_size // c.heads
        self.register_buffer('angles', torch.outer(torch.arange(2000.), 100. ** -torch.arange(0, 1, 2 / d)), persistent=False)

    def turn(self, x, places):
        x, angle = x.unflatten(-1, (self.heads, -1)), self.angles[places][..., None, :]
        a, b = x.chunk(2, -1)
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1).to(x.dtype).flatten(-2)

    def forward(self, x, context):
        q, k, v = self.qkv(self.norm1(x)).chunk(3, -1)
        x = x + self.mix(multi_head(self.turn(q, context.positions), self.turn(k, context.positions), v, self.heads, context))
        return x + self.down(self.act(self.gate(self.norm2(x))) * self.up(self.norm2(x)))

class TurnPreTrainedModel(PreTrainedModel):
    config_class, base_model_prefix, causal = TurnConfig, 'turn', True

class TurnModel(TurnPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.words = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(TurnBlock(config) for _ in range(config.layers))
    def get_input_embeddings(self): return self.words

    def forward(self, input_ids, attention_mask=None, output_attentions=False, output_hidden_states=False):
        context = self.context(input_ids, attention_mask, output_attentions=output_attentions)
        return BaseModelOutput(*self.run_blocks(self.blocks, self.words(input_ids), context, output_hidden_states))

class TurnForWriting(TurnPreTrainedModel):
    _tied_weights_keys = ['score.weight']
    def __init__(self, config):
        super().__init__(config)
        self.turn, self.score = TurnModel(config), nn.Linear(config.hidden_size, config.vocab_size, bias=False)
    def get_output_embeddings(self): return self.score
    def forward(self, input_ids, attention_mask=None): return self.score(self.turn(input_ids, attention_mask)[0])

def make(cls, **kwargs):
    torch.manual_seed(0)
    return cls(cls.config_class(initializer_range=.7, **kwargs)).eval()
BOTH = pytest.mark.parametrize('cls', [NearModel, TurnModel])
IDS = torch.tensor([[3, 7, 11, 2, 9, 14], [4, 8, 12, 0, 0, 0]])
MASK = (IDS != 0).long()

def in_way(model, way, *args):
    model.set_attn_implementation(way)
    return model(*args)[0].detach()

keeps = st.builds(lambda rows: torch.tensor(rows), st.lists(st.lists(st.booleans(), min_size=7, max_size=7).filter(any), min_size=1, max_size=4))

@BOTH
@settings(max_examples=40, deadline=None)
@given(keeps)
def test_every_way_agrees_for_any_mask(cls, keep):
    model, ids = make(cls).double(), torch.randint(1, 20, keep.shape, generator=torch.Generator().manual_seed(1))
    packed, sdpa, eager = (in_way(model, w, ids, keep.long()) for w in ('packed', 'sdpa', 'eager'))
    torch.testing.assert_close(packed[keep], eager[keep])
    torch.testing.assert_close(sdpa[keep], eager[keep])

@pytest.mark.parametrize('way', ['packed', 'sdpa', 'eager'])
def test_a_padded_batch_hides_the_future(way): # row 1: it was lost on every padded batch
    model, later = make(TurnModel), IDS.clone()
    later[0, 4:], later[1, 2] = 5, 5
    before, after = (in_way(model, way, ids, MASK) for ids in (IDS, later))
    torch.testing.assert_close(before[0, :4], after[0, :4])
    torch.testing.assert_close(before[1, :2], after[1, :2])
    assert (before[0, 4:] - after[0, 4:]).abs().max() > .1

def test_the_control_leaks():
    class Open(TurnModel): causal = False
    model, later = make(Open), IDS.clone()
    later[0, 5] = 5
    assert (in_way(model, 'packed', IDS, MASK)[0, :5] - in_way(model, 'packed', later, MASK)[0, :5]).abs().max() > .1

@pytest.mark.parametrize('way', ['packed', 'sdpa', 'eager'])
def test_a_window_is_a_window(way): # row 5: two blocks with a window of 2 see 4 places far
    model, far = make(NearModel), torch.randint(1, 20, (1, 12))
    changed = far.clone()
    changed[0, 11] = 1 if far[0, 11] != 1 else 2
    gap = (in_way(model, way, far) - in_way(model, way, changed)).abs().amax(-1)[0]
    assert gap[:7].max() < 1e-5 and (gap[7:] > 1e-4).all()

@BOTH
def test_left_padding_changes_nothing(cls): # row 6: places count from the first token
    model, left = make(cls), torch.tensor([[0, 0, 0, 4, 8, 12]])
    alone = model(torch.tensor([[4, 8, 12]]))[0]
    for way in ('packed', 'sdpa', 'eager'): torch.testing.assert_close(in_way(model, way, left, (left != 0).long())[0, 3:], alone[0].detach(), atol=2e-5, rtol=1e-4)

@pytest.mark.parametrize('back,said', [(lambda x: (x, None), 'a tuple'), (lambda x: x[:1], 'a tensor of shape'), (lambda x: None, 'a NoneType')])
def test_a_block_that_breaks_the_contract_is_told(back, said): # row 3
    class Wrong(NearBlock):
        def forward(self, x, context): return back(super().forward(x, context))
    model = make(NearModel)
    model.blocks[1] = Wrong(model.config)
    with pytest.raises(TypeError, match=f'Wrong gave back {said}.*gives back x alone'): model(IDS)

def test_angles_keep_their_kind(tmp_path): # row 4
    make(TurnForWriting).save_pretrained(tmp_path)
    for half in (TurnForWriting.from_pretrained(tmp_path, dtype='bfloat16'), TurnForWriting.from_config(TurnConfig(), dtype='bfloat16')):
        assert half.dtype == torch.bfloat16 and half.turn.blocks[0].angles.dtype == torch.float32
        torch.testing.assert_close(half.turn.blocks[0].angles, make(TurnModel).blocks[0].angles)

def test_activations_are_checked(): # row 7
    with pytest.raises(KeyError, match="did you mean 'silu'"): make(NearModel, hidden_act='slu')

@BOTH
def test_bad_input_is_named(cls): # row 8: as DistilBERT's
    model = make(cls)
    with pytest.raises(IndexError, match=r'input_ids\[1, 2\] is 99, but the model knows ids 0 to 19'): model(torch.tensor([[1, 2, 3], [1, 2, 99]]))
    with pytest.raises(ValueError, match='one entry for each token'): model(IDS, MASK[:1])
    with pytest.raises(ValueError, match='there is no token'): model(IDS, MASK * 0)
    with pytest.raises((RuntimeError, IndexError), match='Add a dimension'): model(IDS[0])

def test_a_text_that_is_too_long_is_named():
    with pytest.raises(RuntimeError, match='truncation=True, max_length=40'): make(NearModel)(torch.ones(1, 41, dtype=torch.long))

def test_a_head_without_prefix_is_told_which(tmp_path): # row 9
    class Headless(TurnPreTrainedModel):
        base_model_prefix = ''
        def __init__(self, config):
            super().__init__(config)
            self.body = TurnModel(config)
    make(TurnModel).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="base_model_prefix = 'body'"): Headless.from_pretrained(tmp_path)

def tables(n): return torch.arange(float(n)).cos(), torch.arange(float(n)).sin()
remembered = functools.lru_cache(tables)

def with_tables(make_them):
    class Tabled(TurnModel):
        def __init__(self, config):
            super().__init__(config)
            self.tables = make_them(5)
    return Tabled

def test_tables_in_a_tuple_are_filled(tmp_path): # row 12
    cls = with_tables(tables)
    make(cls).save_pretrained(tmp_path)
    loaded = cls.from_pretrained(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(loaded.tables, tables(5)))

def test_tables_that_a_cache_keeps_without_memory_are_named(tmp_path):
    make(TurnModel).save_pretrained(tmp_path)
    cls = with_tables(remembered)
    remembered.cache_clear()
    with pytest.raises(RuntimeError, match='tables.*without functools.cache'): cls.from_pretrained(tmp_path)
    with pytest.raises(RuntimeError, match='tables'): make(cls) # also in a fresh model later
    remembered.cache_clear()
    make(cls)

def test_the_wrong_init_is_told(): # row 13
    class Skips(TurnModel):
        def __init__(self, config):
            nn.Module.__init__(self)
            self.config = config
    with pytest.raises(TypeError, match=r'must begin with super\(\).__init__\(config\)'): Skips(TurnConfig())

def test_saved_and_loaded_with_a_tie(tmp_path):
    model = make(TurnForWriting)
    model.save_pretrained(tmp_path)
    again = TurnForWriting.from_pretrained(tmp_path)
    assert again.score.weight is again.turn.words.weight
    torch.testing.assert_close(again(IDS, MASK), model(IDS, MASK))

@BOTH
def test_compiled_and_exported(cls):
    model = make(cls)
    whole = in_way(model, 'sdpa', IDS, MASK)
    program = torch.export.export(model, (IDS,), dict(attention_mask=MASK), strict=False).module()
    other = torch.tensor([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
    for mask in (MASK, other):
        keep = mask.bool()
        torch.testing.assert_close(program(IDS, attention_mask=mask)[0][keep], in_way(model, 'sdpa', IDS, mask)[keep], atol=2e-5, rtol=1e-4)
    traced = torch.jit.trace(model, (IDS, MASK), strict=False)
    torch.testing.assert_close(traced(IDS, other)['last_hidden_state'][other.bool()], in_way(model, 'sdpa', IDS, other)[other.bool()], atol=2e-5, rtol=1e-4)
    assert not torch.allclose(whole[0], in_way(model, 'sdpa', IDS, other)[0])

@BOTH
def test_gradient_checkpointing_and_weights(cls):
    model = make(cls).train()
    def grads():
        model.zero_grad()
        model(IDS, MASK)[0].square().sum().backward()
        return model.words.weight.grad.clone()
    plain = grads()
    model.gradient_checkpointing_enable()
    torch.testing.assert_close(grads(), plain)
    seen = model(IDS, MASK, output_attentions=True).attentions
    assert len(seen) == 2 and seen[0].shape == (2, 2, 6, 6) and (seen[0][1, :, :3, 3:] == 0).all()

# ---------------------------------------------------------------- settings

class KiteConfig(PretrainedConfig):
    "A family that is like no other: lines and sails in the place of heads and layers, types of every sort."
    model_type, attribute_map, divides = 'kite', {'hidden_size': 'span'}, {'lines': 'span'}
    def __init__(self, span:Count=12, lines:Count=3, lift:Share=.5, tail:list[int]=(2, 4), knot:Literal['bow', 'loop']='bow',
                 colour:str='red', weight:float=1., reel:int|None=None, frame:Size=8, cloth:Activation='tanh', stiff:bool=False, **kwargs):
        store_attr()
        super().__init__(**kwargs)

WRONG = dict(span=['12', 0, -1, 1.5, True, None, [12]], lines=[5, 0, 'x'], lift=[1.5, -.1, float('nan'), 'half', True], tail=[3, 'ab', [1, '2'], {1: 2}], knot=['noose', None, 1], colour=[7, None],
             weight=['heavy', float('inf'), None], reel=['x', 1.5], frame=['8', [8], [8, 0], 0], stiff=[1, 'no'])

@pytest.mark.parametrize('name,value', [(k, v) for k, vs in WRONG.items() for v in vs], ids=str)
def test_values_of_any_family_are_checked(name, value, tmp_path): # row 15
    with pytest.raises(ValueError, match=f'KiteConfig: {name}=.*but it must') as e: KiteConfig(**{name: value})
    assert repr(value) in str(e.value)
    kite = KiteConfig()
    setattr(kite, name, value)
    with pytest.raises(ValueError, match=f'{name}='): kite.save_pretrained(tmp_path)

def test_activations_of_any_family_are_checked():
    with pytest.raises(KeyError, match="did you mean 'tanh'"): KiteConfig(cloth='tahn')
    assert KiteConfig(cloth=torch.tanh).cloth is torch.tanh

right = st.fixed_dictionaries({}, optional=dict(lift=st.floats(0, 1), tail=st.lists(st.integers()), knot=st.sampled_from(['bow', 'loop']), colour=st.text(max_size=5), weight=st.floats(allow_nan=False, allow_infinity=False),
                  reel=st.none() | st.integers(), frame=st.integers(1, 99) | st.tuples(st.integers(1, 9), st.integers(1, 9)).map(list), cloth=st.sampled_from(ACTIVATIONS), stiff=st.booleans()))

@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(right, st.integers(1, 5), st.integers(1, 9))
def test_right_settings_of_any_family_come_back(tmp_path, kw, lines, each):
    kite = KiteConfig(lines=lines, span=lines * each, **kw)
    kite.save_pretrained(tmp_path)
    again = KiteConfig.from_pretrained(tmp_path)
    assert again == kite and all(getattr(again, k) == v for k, v in kw.items()) and again.hidden_size == lines * each

class PlainKite(PretrainedConfig):
    "Types left out, or plain; some names are those that all families use."
    def __init__(self, hidden_size=8, num_attention_heads:int=2, hidden_act='gelu', hidden_dropout_prob:float=.1, initializer_range=.02, num_hidden_layers=0,
                 vocab_size:int|None=None, intermediate_size=(8, 16), attention_dropout:Literal[0, 50]=0, scale=1, output_attentions=False, problem_type=None, **kwargs):
        store_attr()
        super().__init__(**kwargs)

@pytest.mark.parametrize('kw', [dict(hidden_size='big'), dict(hidden_size=0), dict(num_attention_heads=-2), dict(hidden_dropout_prob=5), dict(hidden_dropout_prob='no'), dict(initializer_range=-1.),
                                dict(num_hidden_layers=-1), dict(vocab_size='x'), dict(output_attentions='yes'), dict(problem_type='guess'), dict(attention_dropout=.1)], ids=str)
def test_names_that_all_use_have_their_rule(kw):
    with pytest.raises(ValueError, match=f'PlainKite: {next(iter(kw))}='): PlainKite(**kw)

def test_names_that_mean_something_else_are_left_alone():
    with pytest.raises(KeyError, match="did you mean 'relu'"): PlainKite(hidden_act='rleu')
    kite = PlainKite(intermediate_size=[4, 4], attention_dropout=50, scale='big', vocab_size=0)
    assert (kite.intermediate_size, kite.attention_dropout, kite.scale, kite.vocab_size) == ([4, 4], 50, 'big', 0)

def test_what_divides_is_a_count_whatever_its_type():
    class Loose(PretrainedConfig):
        divides = {'lines': 'span'}
        def __init__(self, span=12, lines=3, **kwargs):
            store_attr()
            super().__init__(**kwargs)
    assert Loose(lines=4).lines == 4
    for kw in dict(lines=5), dict(lines=0), dict(lines='3'), dict(span='x'), dict(span=None):
        with pytest.raises(ValueError, match=f'Loose: {next(iter(kw))}='): Loose(**kw)

def test_types_that_are_text_are_checked(): # from __future__ import annotations
    class Later(PretrainedConfig):
        def __init__(self, sails:'int'=2, rope:'Unheard'=3, **kwargs): # noqa: F821
            self.sails, self.rope = sails, rope
            super().__init__(**kwargs)
    class Soon(PretrainedConfig):
        def __init__(self, sails:'int'=2, **kwargs):
            self.sails = sails
            super().__init__(**kwargs)
    assert Later(rope='x').rope == 'x'
    with pytest.raises(ValueError, match="sails='two'"): Soon(sails='two')

def test_a_configuration_without_room_is_told(tmp_path): # row 10
    class Narrow(PretrainedConfig):
        model_type = 'narrow'
        def __init__(self, sails:int=2):
            self.sails = sails
            super().__init__()
    class Child(Narrow):
        def __init__(self, **kwargs): super().__init__(**kwargs)
    Narrow(sails=3).save_pretrained(tmp_path)
    for cls in Narrow, Child:
        for load in (lambda: cls.from_pretrained(tmp_path)), (lambda: cls.from_dict({})):
            with pytest.raises(TypeError, match=r'Narrow.__init__ takes no \*\*kwargs.*add it.*super\(\).__init__\(\*\*kwargs\)'): load()

def test_a_setting_that_is_not_kept_is_named(): # row 11
    class Forgets(PretrainedConfig):
        def __init__(self, sails:int=2, width:int=3, **kwargs):
            self.sails = sails
            super().__init__(**kwargs)
    kite = Forgets(width=4)
    with pytest.raises(AttributeError, match="Forgets takes 'width' and doesn't keep it.*self.width = width"): kite.width
    assert not hasattr(kite, 'width') and kite.sails == 2
    with pytest.raises(AttributeError, match="no 'widths'; did you mean 'width'"): kite.widths

def test_a_shared_setting_that_a_family_keeps_itself_stays(tmp_path):
    class Keeps(PretrainedConfig):
        model_type = 'keeps'
        def __init__(self, pad_token_id:int|None=7, tie_word_embeddings:bool=False, **kwargs):
            store_attr()
            super().__init__(**kwargs)
    for kw in {}, dict(pad_token_id=None), dict(pad_token_id=3, tie_word_embeddings=True):
        Keeps(**kw).save_pretrained(tmp_path)
        again = Keeps.from_pretrained(tmp_path)
        assert again == Keeps(**kw) and (again.pad_token_id, again.tie_word_embeddings) == (kw.get('pad_token_id', 7), kw.get('tie_word_embeddings', False))
    with pytest.raises(ValueError, match="pad_token_id='x', but it must be a whole number or None"): Keeps(pad_token_id='x')

class TableLess(PreTrainedModel):
    "A model of text that says nothing of a table of words."
    config_class = PretrainedConfig
    def __init__(self, config):
        super().__init__(config)
        self.words = torch.nn.Embedding(5, 4)
    def forward(self, input_ids): raise RuntimeError('out of memory')

def test_an_error_of_torch_is_not_hidden_by_the_search_for_a_reason():
    with pytest.raises(RuntimeError, match='out of memory'): TableLess(PretrainedConfig())(torch.tensor([[1]]))

# --- a writer's cache

class RoadConfig(NearConfig): model_type = 'road'

class RoadModel(NearModel):
    "A decoder of its own kind: learned positions, a window, and what was kept."
    config_class, causal = RoadConfig, True
    def forward(self, input_ids, attention_mask=None, position_ids=None, past_key_values=None, use_cache=None, output_attentions=False, output_hidden_states=False):
        cache = self.cache_for(past_key_values, use_cache)
        context = self.context(input_ids, attention_mask, None, output_attentions, position_ids, cache)
        x = self.words(input_ids) + self.places(context.positions)
        x, states, weights = self.run_blocks(self.blocks, x, context, output_hidden_states)
        return BaseModelOutputWithPast(x, cache, states, weights)

@pytest.mark.parametrize('way', ['packed', 'sdpa', 'eager'])
@pytest.mark.parametrize('cuts', [[3], [1, 2, 3, 4, 5], [4, 5]])
@pytest.mark.parametrize('side', ['none', 'right', 'left'])
@torch.no_grad()
def test_own_cached_is_whole(way, cuts, side):
    model, ids = make(RoadModel).double(), IDS if side != 'left' else torch.cat([IDS[:1], IDS[1:].roll(3, 1)])
    mask = torch.ones_like(ids) if side == 'none' else (ids != 0).long()
    model.set_attn_implementation(way)
    whole, cache, parts = model(ids, mask)[0], None, []
    for a, b in zip([0, *cuts], [*cuts, 6]):
        out = model(ids[:, a:b], mask[:, :b], past_key_values=cache)
        cache = out.past_key_values
        parts.append(out[0])
    torch.testing.assert_close(torch.cat(parts, 1)[mask == 1], whole[mask == 1])
    far = model(ids[:, 5:], past_key_values=None)[0] # the control: the last word alone
    assert (far - whole[:, 5:])[mask[:, 5:] == 1].abs().max() > .01

def test_own_cache_by_default():
    model = make(RoadModel)
    assert model(IDS, MASK).past_key_values.get_seq_length() == 6
    assert model(IDS, MASK, use_cache=False).past_key_values is None
    assert model.train()(IDS, MASK).past_key_values is None # nobody reads it
    assert model(IDS, MASK, use_cache=True).past_key_values.get_seq_length() == 6

def test_a_mask_must_cover_what_is_kept():
    model = make(RoadModel)
    cache = model(IDS).past_key_values
    with pytest.raises(ValueError, match=r'attention_mask has shape \(2, 1\), but the batch has \(2, 7\)'):
        model(IDS[:, :1], MASK[:, :1], past_key_values=cache)

def test_places_that_jump_are_several_texts(): # as transformers takes them; also in a family of one's own
    model = make(RoadModel).double()
    row = model(IDS, position_ids=torch.tensor([[0, 1, 2, 0, 1, 2]]), use_cache=False)[0]
    alone = [model(part, use_cache=False)[0] for part in IDS.split(3, 1)]
    torch.testing.assert_close(row, torch.cat(alone, 1))
    assert (row - model(IDS, use_cache=False)[0]).abs().max() > 1e-3

@torch.no_grad()
def test_a_cache_compiles():
    model = make(RoadModel)
    whole = model(IDS)[0]
    step = torch.compile(lambda ids, cache: model(ids, past_key_values=cache), backend='eager', dynamic=True)
    cache = model(IDS[:, :2]).past_key_values
    parts = []
    for i in range(2, 6):
        out = step(IDS[:, i:i+1], cache)
        cache = out.past_key_values
        parts.append(out[0])
    torch.testing.assert_close(torch.cat(parts, 1), whole[:, 2:], atol=1e-5, rtol=1e-4)
