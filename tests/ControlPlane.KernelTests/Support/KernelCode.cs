using System.Globalization;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.KernelTests.Support;

/// <summary>Programs as the kernel has translated them.</summary>
internal static unsafe class KernelCode
{
    /// <summary>BPF_JMP | BPF_CALL.</summary>
    private const byte Call = 0x85;

    /// <summary>Returns the functions of the kernel that a program calls, as <see cref="OffsetOf"/> gives them.</summary>
    public static IReadOnlySet<int> HelpersOf(FileDescriptor program)
    {
        var instructions = new bpf_insn[BpfInfo.OfProgram(program).xlated_prog_len / sizeof(bpf_insn)];
        fixed (bpf_insn* first = instructions)
        {
            var info = new bpf_prog_info { xlated_prog_len = (uint)(instructions.Length * sizeof(bpf_insn)), xlated_prog_insns = (ulong)first };
            var length = (uint)sizeof(bpf_prog_info);
            KernelCall.Check(Libbpf.bpf_obj_get_info_by_fd(program, &info, &length), "bpf_obj_get_info_by_fd");
        }

        // A call of another part of the program has a source register.
        return instructions.Where(i => i.code == Call && i.registers >> 4 == 0).Select(i => i.imm).ToHashSet();
    }

    /// <summary>Returns where a function of the kernel is, from the place that calls count from.</summary>
    public static int OffsetOf(string function) => (int)(AddressOf(function) - AddressOf("__bpf_call_base"));

    private static ulong AddressOf(string symbol)
    {
        var line = File.ReadLines("/proc/kallsyms").First(l => l.EndsWith(" " + symbol, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal)), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
