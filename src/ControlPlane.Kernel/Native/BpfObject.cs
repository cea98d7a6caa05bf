using System.Runtime.InteropServices;
using System.Text;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;
using Microsoft.Win32.SafeHandles;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// A BPF object on its way into the kernel: opened from an embedded resource, configured, loaded, pinned, closed. What was
/// pinned stays when it is closed.
/// </summary>
internal sealed unsafe class BpfObject : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>The most that kernels before 5.2 take. Pages of it that the verifier does not write are never touched.</summary>
    private const int VerifierLogSize = (16 << 20) - 1;

    private readonly string _name;

    private BpfObject(nint obj, string name) : base(ownsHandle: true)
    {
        SetHandle(obj);
        _name = name;
    }

    /// <summary>Opens an object that the build has embedded, for instance <c>redirect.bpf.o</c>.</summary>
    /// <exception cref="KernelException">libbpf refused it.</exception>
    public static BpfObject OpenEmbedded(string resource) => Open(Embedded(resource), resource);

    /// <summary>The bytes of an object that the build has embedded.</summary>
    public static byte[] Embedded(string resource)
    {
        using var stream = typeof(BpfObject).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not embedded in {typeof(BpfObject).Assembly.GetName().Name}");
        var elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        return elf;
    }

    /// <summary>Opens an object file's bytes.</summary>
    /// <exception cref="KernelException">libbpf refused it.</exception>
    public static BpfObject Open(ReadOnlySpan<byte> elf, string name)
    {
        fixed (byte* bytes = elf)
        fixed (byte* objectName = Encoding.UTF8.GetBytes("devmapd\0"))
        {
            var opts = new bpf_object_open_opts { sz = (nuint)sizeof(bpf_object_open_opts), object_name = objectName };
            var obj = Libbpf.bpf_object__open_mem(bytes, (nuint)elf.Length, &opts);
            return obj != 0
                ? new BpfObject(obj, name)
                : throw KernelCall.Failure($"bpf_object__open_mem({name})", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Sets <c>config</c>, the one constant of the object, which makes up the whole of <c>.rodata</c>.</summary>
    public void SetConfig<TConfig>(TConfig config) where TConfig : unmanaged =>
        Check(Libbpf.bpf_map__set_initial_value(Map(".rodata"), &config, (nuint)sizeof(TConfig)), "bpf_map__set_initial_value");

    /// <summary>Puts a map that exists in the place of one of the object.</summary>
    public void ReuseMap(string map, FileDescriptor fd) => Check(Libbpf.bpf_map__reuse_fd(Map(map), fd), "bpf_map__reuse_fd");

    /// <summary>Sets the capacity of a map that the load will make.</summary>
    public void SetMaxEntries(string map, uint maxEntries) =>
        Check(Libbpf.bpf_map__set_max_entries(Map(map), maxEntries), "bpf_map__set_max_entries");

    /// <summary>Loads these programs and no others of the object.</summary>
    public void Select(params ReadOnlySpan<string> programs)
    {
        for (var p = Libbpf.bpf_object__next_program(this, 0); p != 0; p = Libbpf.bpf_object__next_program(this, p))
            Check(Libbpf.bpf_program__set_autoload(p, programs.Contains(ProgramName(p))), "bpf_program__set_autoload");
    }

    /// <summary>Overrides what a program's section says it will be attached to.</summary>
    public void SetExpectedAttachType(string program, uint type) =>
        Check(Libbpf.bpf_program__set_expected_attach_type(Program(program), type), "bpf_program__set_expected_attach_type");

    /// <summary>Makes the maps and loads these programs.</summary>
    /// <exception cref="KernelException">The kernel refused; with the verifier's whole log, if it was the verifier.</exception>
    public void Load(params ReadOnlySpan<string> programs)
    {
        Select(programs);
        var log = (byte*)NativeMemory.Alloc(VerifierLogSize);
        try
        {
            log[0] = 0;
            // One for all: the first that fails ends the load, and only a failure is written.
            foreach (var program in programs)
                Check(Libbpf.bpf_program__set_log_buf(Program(program), log, VerifierLogSize), "bpf_program__set_log_buf");
            var result = KernelCall.Retry(() => Libbpf.bpf_object__load(this));
            if (result < 0)
            {
                var text = Marshal.PtrToStringUTF8((nint)log);
                throw KernelCall.Failure($"bpf_object__load({_name}, {string.Join(", ", programs)})", -result, string.IsNullOrEmpty(text) ? null : text);
            }
        }
        finally
        {
            // An object is loaded once, so libbpf does not look at the buffer again.
            NativeMemory.Free(log);
        }
    }

    /// <summary>The loaded program, under a descriptor of its own.</summary>
    public FileDescriptor OpenProgram(string program) => FileDescriptor.Duplicate(Check(Libbpf.bpf_program__fd(Program(program)), "bpf_program__fd"));

    /// <summary>A map of the loaded object, under a descriptor of its own; <c>.rodata</c> is the config.</summary>
    public FileDescriptor OpenMap(string map) => FileDescriptor.Duplicate(Check(Libbpf.bpf_map__fd(Map(map)), "bpf_map__fd"));

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }

    private static string? ProgramName(nint program) => Marshal.PtrToStringUTF8((nint)Libbpf.bpf_program__name(program));

    private nint Map(string name)
    {
        var map = Libbpf.bpf_object__find_map_by_name(this, name);
        return map != 0 ? map : throw new InvalidOperationException($"{_name} has no map {name}");
    }

    private nint Program(string name)
    {
        for (var p = Libbpf.bpf_object__next_program(this, 0); p != 0; p = Libbpf.bpf_object__next_program(this, p))
        {
            if (ProgramName(p) == name)
                return p;
        }

        throw new InvalidOperationException($"{_name} has no program {name}");
    }

    private int Check(int result, string call) => KernelCall.Check(result, $"{call}({_name})");
}
