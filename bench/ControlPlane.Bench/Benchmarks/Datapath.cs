using System.Buffers.Binary;
using ControlPlane.Bench.Harness;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>What a frame costs in the redirect program and on its way out of a veth, whose peer drops it.</summary>
internal sealed class Datapath : IBenchmark
{
    private const int Frames = 500_000;
    private const int Rounds = 9;
    private const uint Vlan = 100;
    private const uint Destination = (10u << 24) + 7;

    public string Name => "datapath";

    public string Title => $"a frame of 64 bytes in native mode: program, redirect, veth, drop at its peer; {Frames} a round";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        using var services = Devmaps.OpenKernel(pins);
        var kernel = services.GetRequiredService<IKernel>();
        var (ingress, egress) = (Veth.Ifindex(kernel, Veth.PeerName), Veth.Ifindex(kernel));
        var elf = await File.ReadAllBytesAsync(Commands.Baseline("bare.bpf.o"));

        using var drop = BpfObject.Open(elf, "bare.bpf.o");
        drop.Load("bare_drop");
        using var dropProgram = drop.OpenProgram("bare_drop");
        using var link = Attach(dropProgram, ingress);

        using var bare = BpfObject.Open(elf, "bare.bpf.o");
        bare.Load("bare_redirect");
        using var bareProgram = bare.OpenProgram("bare_redirect");
        using var bareMap = bare.OpenMap("devmap");
        KernelCall.Check(BpfMap.Update(bareMap, ingress, new bpf_devmap_val_write { ifindex = egress }), "bpf_map_update_elem");

        var opened = new List<IDisposable>();
        try
        {
            var variants = new List<Variant> { Sending("C", bareProgram, Frame(null), ingress) };
            foreach (var selector in Enum.GetValues<KeySelector>())
            {
                foreach (var counters in new[] { false, true })
                {
                    var program = Open(kernel, pins, selector, counters, ingress, egress, opened);
                    variants.Add(Sending(
                        $"{selector}{(counters ? " + counters" : "")}", program, Frame(selector == KeySelector.Vlan ? Vlan : null), ingress));
                }
            }

            return [await Table.MeasureAsync(TimeUnit.Nanoseconds, Rounds, references: 1, [.. variants])];
        }
        finally
        {
            opened.ForEach(o => o.Dispose());
        }
    }

    private static Variant Sending(string name, FileDescriptor program, byte[] frame, uint ingress) =>
        new(name, () => Task.FromResult(Metrics.Of("frame", LiveFrames.Send(program, frame, ingress, Frames))));

    private static FileDescriptor Open(
        IKernel kernel, PinRoot pins, KeySelector selector, bool counters, uint ingress, uint egress, List<IDisposable> opened)
    {
        var scope = new WriterScope(granted: true);
        var definition = new DevmapDefinition($"s{(int)selector}{(counters ? "c" : "")}", 1024, KeySelector: selector, Counters: counters);
        var devmap = kernel.OpenDevmap(scope, definition);
        opened.Add(devmap);
        devmap.Update(
            scope,
            selector switch
            {
                KeySelector.IngressInterface => ingress,
                KeySelector.Vlan => Vlan,
                _ => Destination,
            },
            egress,
            null);
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
    private static byte[] Frame(uint? vlan)
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
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(at + 18), Destination);
        return frame;
    }
}
