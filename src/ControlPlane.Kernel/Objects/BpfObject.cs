using System.Runtime.InteropServices;
using System.Text;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>
/// A BPF object on its way into the kernel: opened from an embedded resource, configured, loaded, pinned, closed. Pins
/// survive its closing.
/// </summary>
internal sealed unsafe class BpfObject : IDisposable
{
    /// <summary>The largest size that kernels before 5.2 accept. The process never touches pages that the verifier does not write.</summary>
    private const int VerifierLogSize = (16 << 20) - 1;

    private readonly BpfObjectHandle _handle;
    private readonly string _name;

    private BpfObject(BpfObjectHandle handle, string name) => (_handle, _name) = (handle, name);

    /// <summary>Opens an object that the build has embedded, for instance <c>redirect.bpf.o</c>.</summary>
    /// <exception cref="KernelException">libbpf refused the object.</exception>
    public static BpfObject OpenEmbedded(string resource) => Open(Embedded(resource), resource);

    /// <summary>Returns the bytes of an object that the build has embedded.</summary>
    public static byte[] Embedded(string resource)
    {
        using var stream = typeof(BpfObject).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not embedded in {typeof(BpfObject).Assembly.GetName().Name}");
        var elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        return elf;
    }

    /// <summary>Opens the bytes of an object file.</summary>
    /// <exception cref="KernelException">libbpf refused the object.</exception>
    public static BpfObject Open(ReadOnlySpan<byte> elf, string name)
    {
        fixed (byte* bytes = elf)
        fixed (byte* objectName = Encoding.UTF8.GetBytes("devmapd\0"))
        {
            var opts = new bpf_object_open_opts { sz = (nuint)sizeof(bpf_object_open_opts), object_name = objectName };
            var obj = Libbpf.bpf_object__open_mem(bytes, (nuint)elf.Length, &opts);
            return obj != 0
                ? new BpfObject(new BpfObjectHandle(obj), name)
                : throw KernelCall.Failure($"bpf_object__open_mem({name})", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Sets <c>config</c>, the one constant of the object, which is the whole of <c>.rodata</c>.</summary>
    public void SetConfig<TConfig>(TConfig config) where TConfig : unmanaged =>
        Check(Libbpf.bpf_map__set_initial_value(Map(".rodata"), &config, (nuint)sizeof(TConfig)), "bpf_map__set_initial_value");

    /// <summary>Makes the object use an existing map.</summary>
    public void ReuseMap(string map, FileDescriptor fd) => Check(Libbpf.bpf_map__reuse_fd(Map(map), fd), "bpf_map__reuse_fd");

    /// <summary>Sets the capacity of a map that the load will create.</summary>
    public void SetMaxEntries(string map, uint maxEntries) =>
        Check(Libbpf.bpf_map__set_max_entries(Map(map), maxEntries), "bpf_map__set_max_entries");

    /// <summary>Selects the programs to load. All others of the object are skipped.</summary>
    public void Select(params ReadOnlySpan<string> programs)
    {
        for (var p = Libbpf.bpf_object__next_program(_handle, 0); p != 0; p = Libbpf.bpf_object__next_program(_handle, p))
            Check(Libbpf.bpf_program__set_autoload(p, programs.Contains(ProgramName(p))), "bpf_program__set_autoload");
    }

    /// <summary>Overrides the expected attach type that a program's section gives.</summary>
    public void SetExpectedAttachType(string program, uint type) =>
        Check(Libbpf.bpf_program__set_expected_attach_type(Program(program), type), "bpf_program__set_expected_attach_type");

    /// <summary>Creates the maps and loads these programs.</summary>
    /// <exception cref="KernelException">The kernel refused. If the verifier did, the exception carries its whole log.</exception>
    public void Load(params ReadOnlySpan<string> programs)
    {
        Select(programs);
        var log = (byte*)NativeMemory.Alloc(VerifierLogSize);
        try
        {
            log[0] = 0;
            // One buffer for all programs: the first failure ends the load, and libbpf writes failures only.
            foreach (var program in programs)
                Check(Libbpf.bpf_program__set_log_buf(Program(program), log, VerifierLogSize), "bpf_program__set_log_buf");
            var result = KernelCall.Retry(() => Libbpf.bpf_object__load(_handle));
            if (result < 0)
            {
                var text = Marshal.PtrToStringUTF8((nint)log);
                throw KernelCall.Failure($"bpf_object__load({_name}, {string.Join(", ", programs)})", -result, string.IsNullOrEmpty(text) ? null : text);
            }
        }
        finally
        {
            // An object is loaded once, so libbpf does not use the buffer again.
            NativeMemory.Free(log);
        }
    }

    /// <summary>Returns the loaded program, under its own descriptor.</summary>
    public FileDescriptor OpenProgram(string program) => FileDescriptor.Duplicate(Check(Libbpf.bpf_program__fd(Program(program)), "bpf_program__fd"));

    /// <summary>Returns a map of the loaded object, under its own descriptor. <c>.rodata</c> is the config.</summary>
    public FileDescriptor OpenMap(string map) => FileDescriptor.Duplicate(Check(Libbpf.bpf_map__fd(Map(map)), "bpf_map__fd"));

    public void Dispose() => _handle.Dispose();

    private static string? ProgramName(nint program) => Marshal.PtrToStringUTF8((nint)Libbpf.bpf_program__name(program));

    private nint Map(string name)
    {
        var map = Libbpf.bpf_object__find_map_by_name(_handle, name);
        return map != 0 ? map : throw new InvalidOperationException($"{_name} has no map {name}");
    }

    private nint Program(string name)
    {
        for (var p = Libbpf.bpf_object__next_program(_handle, 0); p != 0; p = Libbpf.bpf_object__next_program(_handle, p))
        {
            if (ProgramName(p) == name)
                return p;
        }

        throw new InvalidOperationException($"{_name} has no program {name}");
    }

    private int Check(int result, string call) => KernelCall.Check(result, $"{call}({_name})");
}
