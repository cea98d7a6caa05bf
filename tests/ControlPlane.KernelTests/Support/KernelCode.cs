using System.Globalization;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.KernelTests.Support;

/// <summary>Programs as the kernel has translated them.</summary>
internal static unsafe class KernelCode
{
    // Opcodes, and the two classes of jumps. Of a goto with a long offset (BPF_JMP32 | BPF_JA) there is none.
    private const byte Call = 0x85, Exit = 0x95, Goto = 0x05, LoadOfTwo = 0x18, ClassMask = 0x07, Jump = 0x05, Jump32 = 0x06;

    /// <summary>Returns the functions of the kernel that a program calls, as <see cref="OffsetOf"/> gives them.</summary>
    public static IReadOnlySet<int> HelpersOf(FileDescriptor program)
    {
        // A call of another part of the program has a source register.
        return Read(program).Where(i => i.code == Call && i.registers >> 4 == 0).Select(i => i.imm).ToHashSet();
    }

    /// <summary>
    /// Returns the instructions that are no jump and go on to the first one of a loop that they are in. The verifier of kernels before
    /// 6.7 allows the way back into a loop to jumps only (<c>check_cfg</c>, <c>push_insn</c>).
    /// </summary>
    public static IReadOnlyList<int> WaysBackWithoutJump(FileDescriptor program)
    {
        var code = Read(program);
        var (begun, ended, found) = (new bool[code.Length], new bool[code.Length], new List<int>());
        // Every function of the program begins after the last instruction of another one.
        for (var at = 0; at < code.Length; at++)
        {
            if (!begun[at])
                Visit(at);
        }

        return found;

        void Visit(int at)
        {
            begun[at] = true;
            foreach (var (next, isJump) in NextOf(code, at))
            {
                if (!begun[next])
                    Visit(next);
                else if (!ended[next] && !isJump)
                    found.Add(at);
            }

            ended[at] = true;
        }
    }

    private static IEnumerable<(int Next, bool IsJump)> NextOf(bpf_insn[] code, int at)
    {
        var insn = code[at];
        if (insn.code == Exit)
            return [];
        if (insn.code == Goto)
            return [(at + 1 + insn.off, true)];
        if (insn.code != Call && (insn.code & ClassMask) is Jump or Jump32)
            return [(at + 1, true), (at + 1 + insn.off, true)];
        return [(at + (insn.code == LoadOfTwo ? 2 : 1), false)];
    }

    private static bpf_insn[] Read(FileDescriptor program)
    {
        var instructions = new bpf_insn[BpfInfo.OfProgram(program).xlated_prog_len / sizeof(bpf_insn)];
        fixed (bpf_insn* first = instructions)
        {
            var info = new bpf_prog_info { xlated_prog_len = (uint)(instructions.Length * sizeof(bpf_insn)), xlated_prog_insns = (ulong)first };
            var length = (uint)sizeof(bpf_prog_info);
            KernelCall.Check(Libbpf.bpf_obj_get_info_by_fd(program, &info, &length), "bpf_obj_get_info_by_fd");
        }

        return instructions;
    }

    /// <summary>Returns where a function of the kernel is, from the place that calls count from.</summary>
    public static int OffsetOf(string function) => (int)(AddressOf(function) - AddressOf("__bpf_call_base"));

    private static ulong AddressOf(string symbol)
    {
        var line = File.ReadLines("/proc/kallsyms").First(l => l.EndsWith(" " + symbol, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal)), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
