using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// Reads the features of a veth's peer in another network namespace, which the kernel tells nobody outside: a program reads them from
/// the kernel's own structs. For threads in the network namespace of the veth. Needs BTF, Linux 6.2, and CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN.
/// </summary>
internal sealed unsafe class PeerPeek : IDisposable
{
    private const string Program = "devmapd_peek";
    private const int FrameBytes = 64;

    private readonly Lock _lock = new();
    private readonly FileDescriptor _program;
    private readonly FileDescriptor _veth;

    private PeerPeek(BpfObject loaded) => (_program, _veth) = (loaded.OpenProgram(Program), loaded.OpenMap("veth"));

    /// <summary>Loads the program.</summary>
    /// <exception cref="KernelException">The host cannot run it.</exception>
    public static PeerPeek Load()
    {
        using var loaded = BpfObject.OpenEmbedded("peek.bpf.o");
        loaded.Load(Program);
        return new PeerPeek(loaded);
    }

    /// <summary>Loads the program; null where the host cannot run it.</summary>
    public static PeerPeek? TryLoad()
    {
        try
        {
            return Load();
        }
        catch (KernelException)
        {
            return null;
        }
    }

    /// <summary>Returns the features of the peer (<c>dev->features</c>); null if it cannot be seen.</summary>
    /// <param name="ifindex">The veth.</param>
    /// <param name="peerIfindex">Its peer, as the kernel tells it (<c>IFLA_LINK</c>).</param>
    public ulong? Features(uint ifindex, uint peerIfindex)
    {
        lock (_lock)
        {
            uint key = 0;
            ulong value = ifindex; // struct bpf_devmap_val without a program
            var frame = stackalloc byte[FrameBytes];
            new Span<byte>(frame, FrameBytes).Clear();
            var opts = new bpf_test_run_opts
            {
                sz = (nuint)sizeof(bpf_test_run_opts),
                data_in = frame,
                data_size_in = FrameBytes,
                data_out = frame,
                data_size_out = FrameBytes,
                repeat = 1,
            };
            // A veth that has just gone gives no features.
            if (Libbpf.bpf_map_update_elem(_veth, &key, &value, 0) < 0)
                return null;
            int result;
            do
                result = Libbpf.bpf_prog_test_run_opts(_program, &opts);
            while (KernelCall.Interrupted(result));
            if (result < 0)
                return null;
            var answer = (devmapd_peer*)frame;
            return opts.retval == BpfConstants.XDP_PASS && answer->ifindex == peerIfindex ? answer->features : null;
        }
    }

    public void Dispose()
    {
        _program.Dispose();
        _veth.Dispose();
    }
}
