using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Probing;

/// <summary>Programs of a few instructions for probes, too small to need a compiler.</summary>
internal static unsafe class ProbeProgram
{
    private const byte MovImmediate = 0xb7; // BPF_ALU64 | BPF_MOV | BPF_K
    private const byte LoadImmediate64 = 0x18; // BPF_LD | BPF_IMM | BPF_DW
    private const byte Call = 0x85; // BPF_JMP | BPF_CALL
    private const byte Exit = 0x95; // BPF_JMP | BPF_EXIT
    private const byte PseudoMapFd = 1;
    private const int HelperRedirectMap = 51;
    private const int HelperRedirectPeer = 155;

    /// <summary>A program that returns a constant.</summary>
    public static bpf_insn[] Return(uint value) =>
    [
        new() { code = MovImmediate, imm = (int)value },
        new() { code = Exit },
    ];

    /// <summary>A program that returns the result of <c>bpf_redirect_map(map, 0, flags)</c>.</summary>
    public static bpf_insn[] Redirect(FileDescriptor map, uint flags) =>
    [
        new() { code = LoadImmediate64, registers = 1 | (PseudoMapFd << 4), imm = map.Number },
        default,
        new() { code = MovImmediate, registers = 2 },
        new() { code = MovImmediate, registers = 3, imm = (int)flags },
        new() { code = Call, imm = HelperRedirectMap },
        new() { code = Exit },
    ];

    /// <summary>A program that returns the result of <c>bpf_redirect_peer(0, 0)</c>.</summary>
    public static bpf_insn[] RedirectPeer() =>
    [
        new() { code = MovImmediate, registers = 1 },
        new() { code = MovImmediate, registers = 2 },
        new() { code = Call, imm = HelperRedirectPeer },
        new() { code = Exit },
    ];

    /// <summary>Loads a program.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor Load(uint type, bpf_insn[] instructions, uint flags = 0)
    {
        fixed (bpf_insn* first = instructions)
        {
            var opts = new bpf_prog_load_opts { sz = (nuint)sizeof(bpf_prog_load_opts), prog_flags = flags };
            return FileDescriptor.FromLibbpf(
                Libbpf.bpf_prog_load(type, "probe", "Dual BSD/GPL", first, (nuint)instructions.Length, &opts), "bpf_prog_load(probe)");
        }
    }

    /// <summary>Runs an XDP program on one empty frame of 64 bytes. Returns its result, which has no meaning with live frames.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static uint Run(FileDescriptor program, uint flags)
    {
        var frame = stackalloc byte[64];
        new Span<byte>(frame, 64).Clear();
        var opts = new bpf_test_run_opts
        {
            sz = (nuint)sizeof(bpf_test_run_opts),
            data_in = frame,
            data_size_in = 64,
            repeat = 1,
            flags = flags,
        };
        int result;
        do
            result = Libbpf.bpf_prog_test_run_opts(program, &opts);
        while (KernelCall.Interrupted(result));
        KernelCall.Check(result, "bpf_prog_test_run_opts");
        return opts.retval;
    }
}
