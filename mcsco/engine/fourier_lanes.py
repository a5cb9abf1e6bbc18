"""Eight float32 numbers side by side: a type of compiled kernels that is one vector of LLVM.

The loops of a Fourier transform work in place, on strides that are known at run time only. A compiler that
vectorises them by itself must first prove, each time, that eight addresses do not overlap; loops of 16 columns pay
more for that than for the work. Here the vectors are written down instead, and LLVM splits or joins them as the CPU
asks. Code on `Lanes` reads like code on numbers: ``+``, ``-`` and ``*`` act on each lane.
"""

import operator

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from mcsco.engine.jit import FLAGS

N_LANES = 8
"""Numbers in one `Lanes`."""


def folded(function):
    """Compile a part of a kernel once, and let LLVM paste it into its callers.

    As fast as `inlined`, which has numba infer the types of each copy anew: with it the draw of the fields compiled in
    32 s instead of 13 s.
    """
    return njit(function, forceinline=True, **FLAGS)


class Lanes(types.Type):
    """The type of `N_LANES` float32 numbers."""

    def __init__(self):
        super().__init__(name="Lanes")


lanes = Lanes()
_FLOATS = ir.VectorType(ir.FloatType(), N_LANES)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _FLOATS)


def _define(operation, instruction):
    @type_callable(operation)
    def _type(context):
        return lambda a, b: lanes if isinstance(a, Lanes) and isinstance(b, Lanes) else None

    @lower_builtin(operation, Lanes, Lanes)
    def _lower(context, builder, sig, args):
        # As in the project's other kernels, a product may be contracted with a sum, and nothing else.
        return getattr(builder, instruction)(*args, flags=("contract",))


for _operation, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _define(_operation, _instruction)


def _pointer(context, builder, array_type, array, index, vector):
    """Address of element `index` of a flat array, as that of a vector."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _shuffle(builder, a, b, mask):
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(mask)), list(mask)))


# Interleaving within the halves of a vector, which is what CPUs do in one instruction, and of the halves.
_LOW, _HIGH = (0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15)
_EVEN, _ODD = (0, 2, 8, 10, 4, 6, 12, 14), (1, 3, 9, 11, 5, 7, 13, 15)
_FIRST, _SECOND = (0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15)


@intrinsic
def load(typingctx, array, index):
    """Lanes array[index], ..., array[index + 7]."""

    def generate(context, builder, sig, args):
        return builder.load(_pointer(context, builder, sig.args[0], *args, _FLOATS), align=4)

    return lanes(array, types.intp), generate


@intrinsic
def load_reversed(typingctx, array, index):
    """Lanes array[index + 7], ..., array[index]."""

    def generate(context, builder, sig, args):
        value = builder.load(_pointer(context, builder, sig.args[0], *args, _FLOATS), align=4)
        return _shuffle(builder, value, value, range(N_LANES - 1, -1, -1))

    return lanes(array, types.intp), generate


@intrinsic
def load_codes(typingctx, array, index):
    """Eight int8 numbers as Lanes."""

    def generate(context, builder, sig, args):
        pointer = _pointer(context, builder, sig.args[0], *args, ir.VectorType(ir.IntType(8), N_LANES))
        whole = builder.sext(builder.load(pointer, align=1), ir.VectorType(ir.IntType(32), N_LANES))
        return builder.sitofp(whole, _FLOATS)

    return lanes(array, types.intp), generate


@intrinsic
def store(typingctx, array, index, value):
    """Write Lanes to array[index], ..., array[index + 7]."""

    def generate(context, builder, sig, args):
        builder.store(args[2], _pointer(context, builder, sig.args[0], *args[:2], _FLOATS), align=4)
        return context.get_dummy_value()

    return types.none(array, types.intp, lanes), generate


@intrinsic
def store_reversed(typingctx, array, index, value):
    """Write Lanes to array[index + 7], ..., array[index]."""

    def generate(context, builder, sig, args):
        value = _shuffle(builder, args[2], args[2], range(N_LANES - 1, -1, -1))
        builder.store(value, _pointer(context, builder, sig.args[0], *args[:2], _FLOATS), align=4)
        return context.get_dummy_value()

    return types.none(array, types.intp, lanes), generate


@intrinsic
def spread(typingctx, value):
    """One float32 in all lanes."""

    def generate(context, builder, sig, args):
        one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        return _shuffle(builder, one, one, [0] * N_LANES)

    return lanes(types.float32), generate


@intrinsic
def interleave(typingctx, a, b):
    """a₀ b₀ a₁ b₁ ... as two Lanes."""

    def generate(context, builder, sig, args):
        low, high = _shuffle(builder, *args, _LOW), _shuffle(builder, *args, _HIGH)
        halves = [_shuffle(builder, low, high, mask) for mask in (_FIRST, _SECOND)]
        return context.make_tuple(builder, sig.return_type, halves)

    return types.UniTuple(lanes, 2)(lanes, lanes), generate


@intrinsic
def deinterleave(typingctx, a, b):
    """The inverse of `interleave`."""

    def generate(context, builder, sig, args):
        first, second = (_shuffle(builder, *args, mask) for mask in (_FIRST, _SECOND))
        parts = [_shuffle(builder, first, second, mask) for mask in (_EVEN, _ODD)]
        return context.make_tuple(builder, sig.return_type, parts)

    return types.UniTuple(lanes, 2)(lanes, lanes), generate


@intrinsic
def interleave4(typingctx, a, b, c, d):
    """a₀ b₀ c₀ d₀ a₁ b₁ ... as four Lanes."""

    def generate(context, builder, sig, args):
        a, b, c, d = args
        ac0, ac1 = _shuffle(builder, a, c, _LOW), _shuffle(builder, a, c, _HIGH)
        bd0, bd1 = _shuffle(builder, b, d, _LOW), _shuffle(builder, b, d, _HIGH)
        w0, w1 = _shuffle(builder, ac0, bd0, _LOW), _shuffle(builder, ac0, bd0, _HIGH)
        w2, w3 = _shuffle(builder, ac1, bd1, _LOW), _shuffle(builder, ac1, bd1, _HIGH)
        out = [_shuffle(builder, x, y, mask) for mask in (_FIRST, _SECOND) for x, y in ((w0, w1), (w2, w3))]
        return context.make_tuple(builder, sig.return_type, out)

    return types.UniTuple(lanes, 4)(lanes, lanes, lanes, lanes), generate


@intrinsic
def deinterleave4(typingctx, a, b, c, d):
    """The inverse of `interleave4`."""

    def generate(context, builder, sig, args):
        a, b, c, d = args
        w0, w1 = _shuffle(builder, a, c, _FIRST), _shuffle(builder, a, c, _SECOND)
        w2, w3 = _shuffle(builder, b, d, _FIRST), _shuffle(builder, b, d, _SECOND)
        ab0, cd0 = _shuffle(builder, w0, w2, _LOW), _shuffle(builder, w0, w2, _HIGH)
        ab1, cd1 = _shuffle(builder, w1, w3, _LOW), _shuffle(builder, w1, w3, _HIGH)
        out = [
            _shuffle(builder, ab0, ab1, _LOW),
            _shuffle(builder, ab0, ab1, _HIGH),
            _shuffle(builder, cd0, cd1, _LOW),
            _shuffle(builder, cd0, cd1, _HIGH),
        ]
        return context.make_tuple(builder, sig.return_type, out)

    return types.UniTuple(lanes, 4)(lanes, lanes, lanes, lanes), generate


def _make_mirror(masks):
    """Permutations of a row's head by mirror images, from its one or two vectors."""

    @intrinsic
    def mirror(typingctx, a, b):
        def generate(context, builder, sig, args):
            return context.make_tuple(builder, sig.return_type, [_shuffle(builder, *args, mask) for mask in masks])

        return types.UniTuple(lanes, 2)(lanes, lanes), generate

    return mirror


# Places of −k in digit-reversed order: steps of 2 only, steps of 4 and a last one of 2, steps of 4.
mirror_binary = _make_mirror([(0, 1, 3, 2, 7, 6, 5, 4)] * 2)
mirror_mixed = _make_mirror([(0, 1, 7, 6, 5, 4, 3, 2)] * 2)
mirror_quaternary = _make_mirror([(0, 3, 2, 1, 15, 14, 13, 12), (11, 10, 9, 8, 7, 6, 5, 4)])
