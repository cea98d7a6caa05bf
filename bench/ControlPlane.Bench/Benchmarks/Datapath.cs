using System.Buffers.Binary;
using ControlPlane.Bench.Harness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>The cost of a frame in the redirect program and on its way out of a veth, whose peer drops it.</summary>
internal sealed class Datapath : IBenchmark
{
    private const int Frames = 1_000_000;
    private const int Rounds = 9;
    private const uint Vlan = 100;
    private const uint Destination = (10u << 24) + 7;
    private const uint DownDestination = Destination + 1;
    private const uint MissingDestination = Destination + 2;

    // The ways a frame can take.
    private const string Redirected = "redirected";
    private const string Lost = "target down";
    private const string Missing = "key missing";

    private static readonly MacAddress s_source = new(0x020304050607);
    private static readonly MacAddress s_destination = new(0x0a0b0c0d0e0f);

    private static readonly (string Name, EntryActions? Actions)[] ActionVariants =
    [
        ("IngressInterface + counters", null),
        ("+ actions of another entry", null),
        ("+ MACs", new EntryActions(s_source, s_destination)),
        ("+ MACs, TTL", new EntryActions(s_source, s_destination, DecrementTtl: true)),
        ("+ set VLAN", new EntryActions(SetVlan: 7)),
        ("+ push VLAN", new EntryActions(PushVlan: 7)),
        ("+ pop VLAN", new EntryActions(PopVlan: true)),
    ];

    public string Name => "datapath";

    public string Title => $"a frame of 64 bytes in native mode: program, redirect, veth, to a peer that drops it, or whose stack takes it; {Frames} a round";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        using var services = Devmaps.OpenKernel(pins);
        var kernel = services.GetRequiredService<IKernel>();
        var (ingress, egress, down) = (Veth.Ifindex(kernel, Veth.PeerName), Veth.Ifindex(kernel), Veth.Ifindex(kernel, Veth.DownName));
        await DropCounting.StopAsync(pins);
        var elf = await File.ReadAllBytesAsync(Commands.Baseline("bare.bpf.o"));
        var opened = new List<IDisposable>();
        try
        {
            var drop = Bare(elf, "bare_drop", null, opened);
            var pass = Bare(elf, "bare_pass", null, opened);
            var dropping = Attach(drop, ingress);
            opened.Add(dropping);
            var (bare, bareDown, bareMissing) = (
                Bare(elf, "bare_redirect", (ingress, egress), opened),
                Bare(elf, "bare_redirect", (ingress, down), opened),
                Bare(elf, "bare_redirect", null, opened));
            var plain = Frame(null, Destination);
            var variants = new List<Variant>
            {
                new("C", () => Task.FromResult(Send(ingress, (Redirected, bare, plain), (Lost, bareDown, plain), (Missing, bareMissing, plain)))),
            };
            foreach (var selector in KeySelector.Set.All)
            {
                foreach (var counters in new[] { false, true })
                {
                    var name = $"{selector}{(counters ? " + counters" : "")}";
                    var (devmap, program) = Open(kernel, pins, selector, counters, ingress, egress, down, opened);
                    if (selector != KeySelector.Ipv4Destination)
                    {
                        var frame = Frame(selector == KeySelector.Vlan ? Vlan : null, Destination);
                        variants.Add(new(name, () => Task.FromResult(Send(ingress, (Redirected, program, frame)))));
                        continue;
                    }

                    Metrics All() => Send(
                        ingress,
                        (Redirected, program, plain),
                        (Lost, program, Frame(null, DownDestination)),
                        (Missing, program, Frame(null, MissingDestination)));
                    variants.Add(new(name, () => Task.FromResult(All())));
                    if (counters)
                    {
                        variants.Add(new(name + " + drops", async () =>
                        {
                            await using var counting = DropCounting.Start(pins, devmap);
                            return All();
                        }));
                    }
                }
            }

            var plainest = Pin.OpenProgram(pins.Redirect(NameOf(KeySelector.IngressInterface, counters: false)));
            opened.Add(plainest);
            var completing = Pin.OpenProgram(pins.Complete(NameOf(KeySelector.IngressInterface, counters: true)));
            opened.Add(completing);
            var counting = Pin.OpenProgram(pins.Redirect(NameOf(KeySelector.IngressInterface, counters: true)));
            opened.Add(counting);
            List<Variant> checksums =
            [
                new("C", () => Task.FromResult(SendUdp(ingress, bare))),
                new("IngressInterface + counters", () => Task.FromResult(SendUdp(ingress, counting))),
                new("IngressInterface + counters + checksums", () => Task.FromResult(SendUdp(ingress, completing))),
            ];
            var acting = ActionVariants.Select((v, i) => (v.Name, v.Actions, Program: OpenActing(kernel, pins, i + 1, v.Actions, ingress, egress, opened))).ToList();
            Variant[] Acting(string end) =>
            [
                new("C", () => Task.FromResult(SendInPieces(end, ingress, bare, untagged: true))),
                new("IngressInterface", () => Task.FromResult(SendInPieces(end, ingress, plainest, untagged: true))),
                .. acting.Select(v => new Variant(v.Name, () => Task.FromResult(SendInPieces(
                    end, ingress, v.Program, untagged: v.Actions is not ({ SetVlan: not null } or { PopVlan: true }))))),
            ];

            List<Table> tables =
            [
                await Table.MeasureAsync(TimeUnit.Nanoseconds, Rounds, references: 1, [.. variants]),
                await Table.MeasureAsync(TimeUnit.Nanoseconds, Rounds, references: 1, [.. checksums]),
                await Table.MeasureAsync(TimeUnit.Nanoseconds, Rounds, references: 1, Acting("dropped")),
            ];
            // A frame that arrives costs more than its redirect, and is the one to measure actions and counters by.
            dropping.Dispose();
            using var passing = Attach(pass, ingress);
            tables.Add(await Table.MeasureAsync(TimeUnit.Nanoseconds, Rounds, references: 1, Acting("delivered")));
            return tables;
        }
        finally
        {
            opened.AsEnumerable().Reverse().ToList().ForEach(o => o.Dispose());
        }
    }

    private static Metrics Send(uint ingress, params ReadOnlySpan<(string Metric, FileDescriptor Program, byte[] Frame)> ways)
    {
        var metrics = new Metrics();
        foreach (var (metric, program, frame) in ways)
            metrics.Add(metric, LiveFrames.SendTimedByKernel(program, frame, ingress, Frames));
        return metrics;
    }

    // The kernel uses a frame's memory again and again as the program left it, so the TTL of a frame lasts for a few thousand frames.
    private static Metrics SendInPieces(string end, uint ingress, FileDescriptor program, bool untagged)
    {
        const int Piece = LiveFrames.Batch * 250, Pieces = 20;
        var metrics = new Metrics();
        if (untagged)
            metrics.Add(end, Send(Frame(null, Destination)));
        metrics.Add($"{end}, tagged", Send(Periodic(Frame(Vlan, Destination))));
        return metrics;

        double Send(byte[] frame)
        {
            var sum = 0.0;
            for (var piece = 0; piece < Pieces; piece++)
                sum += LiveFrames.SendTimedByKernel(program, frame, ingress, Piece);
            return sum / Pieces;
        }
    }

    // For the same reason: a frame that has the same four bytes up to its tag has a tag also after one was taken away.
    private static byte[] Periodic(byte[] frame)
    {
        for (var at = 0; at < 12; at += 4)
            frame.AsSpan(12, 4).CopyTo(frame.AsSpan(at));
        return frame;
    }

    private static Metrics SendUdp(uint ingress, FileDescriptor program) => Send(
        ingress,
        ("64 bytes, whole", program, UdpFrame.Whole(64)),
        ("64 bytes, partial", program, UdpFrame.Partial(64)),
        ("1514 bytes, whole", program, UdpFrame.Whole(1514)),
        ("1514 bytes, partial", program, UdpFrame.Partial(1514)));

    private static string NameOf(KeySelector selector, bool counters) => $"s{selector.KernelValue}{(counters ? "c" : "")}";

    /// <summary>A baseline's program, with this entry in its map.</summary>
    private static FileDescriptor Bare(byte[] elf, string name, (uint Key, uint Ifindex)? entry, List<IDisposable> opened)
    {
        var obj = BpfObject.Open(elf, "bare.bpf.o");
        opened.Add(obj);
        obj.Load(name);
        using var map = obj.OpenMap("devmap");
        if (entry is { } wanted)
            KernelCall.Check(BpfMap.Update(map, wanted.Key, new bpf_devmap_val_write { ifindex = wanted.Ifindex }), "bpf_map_update_elem");
        var program = obj.OpenProgram(name);
        opened.Add(program);
        return program;
    }

    private static (IDevmap Devmap, FileDescriptor Program) Open(
        IKernel kernel, PinRoot pins, KeySelector selector, bool counters, uint ingress, uint egress, uint down, List<IDisposable> opened)
    {
        var scope = new WriterScope(granted: true);
        var definition = new DevmapRecord(
            NameOf(selector, counters), new DevmapSpec(1024, KeySelector: selector, MissAction: MissAction.Drop, Counters: counters));
        var devmap = kernel.OpenDevmap(scope, definition);
        opened.Add(devmap);
        var key = selector switch
        {
            _ when selector == KeySelector.IngressInterface => ingress,
            _ when selector == KeySelector.Vlan => Vlan,
            _ => Destination,
        };
        devmap.Update(scope, key, egress, null);
        if (selector == KeySelector.Ipv4Destination)
            devmap.Update(scope, DownDestination, down, null);
        var program = Pin.OpenProgram(pins.Redirect(definition.Name));
        opened.Add(program);
        return (devmap, program);
    }

    /// <summary>A devmap of its own by ingress interface, whose entry has these actions. Only that of the first has never known any.</summary>
    private static FileDescriptor OpenActing(IKernel kernel, PinRoot pins, int number, EntryActions? actions, uint ingress, uint egress, List<IDisposable> opened)
    {
        var scope = new WriterScope(granted: true);
        var definition = new DevmapRecord($"act{number}", new DevmapSpec(1024, MissAction: MissAction.Drop));
        var devmap = kernel.OpenDevmap(scope, definition);
        opened.Add(devmap);
        devmap.Update(scope, ingress, egress, null, actions: actions);
        if (number > 1)
            devmap.Update(scope, ingress + 1, egress, null, actions: new EntryActions(s_source));
        var program = Pin.OpenProgram(pins.Redirect(definition.Name));
        opened.Add(program);
        return program;
    }

    private static unsafe FileDescriptor Attach(FileDescriptor program, uint ifindex)
    {
        var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts), flags = BpfConstants.XDP_FLAGS_DRV_MODE };
        return FileDescriptor.FromLibbpf(Libbpf.bpf_link_create(program, (int)ifindex, BpfConstants.BPF_XDP, &opts), "bpf_link_create");
    }

    // Addresses are zero: nobody looks at them.
    private static byte[] Frame(uint? vlan, uint destination)
    {
        const ushort Ipv4 = 0x0800, Tag = 0x8100;
        var frame = new byte[64];
        var at = 12;
        if (vlan is { } id)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), Tag);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at + 2), (ushort)id);
            at += 4;
        }

        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), Ipv4);
        frame[at + 2] = 0x45;
        frame[at + 10] = byte.MaxValue; // time to live
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(at + 18), destination);
        return frame;
    }
}
