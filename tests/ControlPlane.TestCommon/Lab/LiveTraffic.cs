using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// Frames by the million, made and counted by the kernel itself: a program sends them in at an interface's peer, another one counts
/// and drops them where they come out, at the target's peer. The kernel takes a batch through all queues before it makes the next, so
/// that none overflows, and every frame that does not come out was lost on the way between.
/// </summary>
public sealed class LiveTraffic : IAsyncDisposable
{
    private const ushort EtherType = 0x88b5; // for experiments (IEEE 802)
    private const int EtherTypeOffset = 12;
    private const int FrameBytes = 64;
    private const int FramesPerCall = 8192; // a call ends with a wait of some milliseconds

    private const string Source = """
        #include <linux/bpf.h>
        #include <bpf/bpf_helpers.h>
        #include <bpf/bpf_endian.h>

        char LICENSE[] SEC("license") = "GPL";

        struct {
            __uint(type, BPF_MAP_TYPE_ARRAY);
            __uint(max_entries, 1);
            __type(key, __u32);
            __type(value, __u64);
        } arrived SEC(".maps");

        SEC("xdp")
        int send_in(struct xdp_md *ctx)
        {
            return bpf_redirect(ctx->ingress_ifindex, 0);
        }

        SEC("xdp")
        int count(struct xdp_md *ctx)
        {
            __u16 *type = (void *)(long)ctx->data + 12;
            __u32 zero = 0;
            __u64 *frames = bpf_map_lookup_elem(&arrived, &zero);

            if (frames && (void *)(type + 1) <= (void *)(long)ctx->data_end && *type == bpf_htons(0x88b5)) {
                __sync_fetch_and_add(frames, 1);
                return XDP_DROP;
            }
            return XDP_PASS;
        }
        """;

    private static readonly TimeSpan Limit = Patience.OfSeconds(5);

    private readonly UndoStack _parts = new();
    private readonly Task _sending;
    private readonly FileDescriptor _sender;
    private readonly FileDescriptor _counter;
    private readonly double _framesPerSecond;
    private ulong _sent;
    private volatile bool _stopping;

    private LiveTraffic(VethPair ingress, VethPair target, double framesPerSecond)
    {
        _framesPerSecond = framesPerSecond;
        var elf = Compile();
        var sending = _parts.Add(BpfObject.Open(elf, "send in"));
        sending.Load("send_in");
        _sender = _parts.Add(sending.OpenProgram("send_in"));
        var counting = _parts.Add(BpfObject.Open(elf, "count"));
        counting.Load("count");
        using var count = counting.OpenProgram("count");
        _counter = _parts.Add(counting.OpenMap("arrived"));
        _parts.Add(target.PeerNamespace.Run(() => Attach(count, target.PeerIfindex)));
        _sending = Task.Factory.StartNew(
            () => ingress.PeerNamespace.Run(() => SendAll(ingress.PeerIfindex)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Frames sent until now.</summary>
    public ulong Sent => Interlocked.Read(ref _sent);

    /// <summary>Frames that came out until now.</summary>
    public ulong Arrived
    {
        get
        {
            KernelCall.Check(BpfMap.Lookup(_counter, 0, out ulong frames), "bpf_map_lookup_elem");
            return frames;
        }
    }

    /// <summary>Begins to send.</summary>
    /// <param name="ingress">The interface that frames arrive on; its redirect program must run in native mode.</param>
    /// <param name="target">The interface they leave by. Nobody else may have a program at its peer.</param>
    /// <param name="framesPerSecond">How fast at most.</param>
    public static LiveTraffic Start(VethPair ingress, VethPair target, double framesPerSecond) => new(ingress, target, framesPerSecond);

    /// <summary>Waits until so many more frames have come out.</summary>
    /// <exception cref="InvalidOperationException">Frames were lost.</exception>
    public async Task FlowAsync(ulong frames)
    {
        var enough = Sent + frames;
        await Eventually.Async(() => _sending.IsCompleted || Arrived >= enough);
        if (_sending.IsCompleted)
            await _sending;
    }

    /// <summary>Ends it.</summary>
    /// <returns>Frames sent, all of which have come out.</returns>
    /// <exception cref="InvalidOperationException">Frames were lost.</exception>
    public async Task<ulong> StopAsync()
    {
        _stopping = true;
        await _sending;
        return Sent;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        await _sending.ContinueWith(static _ => { }, TaskScheduler.Default);
        await _parts.DisposeAsync();
    }

    private void SendAll(uint peer)
    {
        var frame = new byte[FrameBytes];
        Frames.Destination.CopyTo(frame);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(EtherTypeOffset), EtherType);
        var clock = Stopwatch.StartNew();
        while (!_stopping)
        {
            if (_sent > clock.Elapsed.TotalSeconds * _framesPerSecond)
            {
                Thread.Sleep(1);
                continue;
            }

            LiveFrames.Send(_sender, frame, peer, FramesPerCall);
            Interlocked.Add(ref _sent, FramesPerCall);
            Await(_sent);
        }
    }

    private void Await(ulong frames)
    {
        var waiting = Stopwatch.StartNew();
        var spin = default(SpinWait);
        while (Arrived is var arrived && arrived != frames)
        {
            if (arrived > frames || waiting.Elapsed > Limit)
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{frames} frames were sent, {arrived} came out"));
            spin.SpinOnce();
        }
    }

    private static byte[] Compile()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = Path.Combine(folder.FullName, "live.o");
            Shell.RunWithInput(
                Source, "clang", "-O2", "-g", "-Wall", "-Werror", "-target", "bpf", "-idirafter", $"/usr/include/{Shell.Run("uname", "-m").Trim()}-linux-gnu",
                "-x", "c", "-c", "-o", file, "-");
            return File.ReadAllBytes(file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static unsafe FileDescriptor Attach(FileDescriptor program, uint ifindex)
    {
        var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts), flags = BpfConstants.XDP_FLAGS_DRV_MODE };
        return FileDescriptor.FromLibbpf(Libbpf.bpf_link_create(program, (int)ifindex, BpfConstants.BPF_XDP, &opts), "bpf_link_create");
    }
}
