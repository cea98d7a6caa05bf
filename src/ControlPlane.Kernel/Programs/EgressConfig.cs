using System.Buffers.Binary;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Programs;

/// <summary>Converts between a template with its parameters and the config struct of the BPF program.</summary>
internal static unsafe class EgressConfig
{
    /// <summary>Returns the program of <c>bpf/egress.bpf.c</c> for a template.</summary>
    public static string ProgramOf(EgressTemplate template) => template switch
    {
        EgressTemplate.Count => "devmapd_count",
        EgressTemplate.Drop => "devmapd_drop",
        EgressTemplate.RewriteMac => "devmapd_rewrite",
        EgressTemplate.PushVlan => "devmapd_push",
        EgressTemplate.PopVlan => "devmapd_pop",
        _ => throw new ArgumentOutOfRangeException(nameof(template), template, "no such template"),
    };

    public static devmapd_egress_config Of(EgressProgramConfig spec)
    {
        var config = new devmapd_egress_config
        {
            magic = DevmapdConstants.DEVMAPD_MAGIC,
            version = DevmapdConstants.DEVMAPD_VERSION,
            kind = devmapd_kind.Egress,
            template = (uint)spec.Template,
            vlan_id = spec.VlanId ?? 0,
            set_source = (byte)(spec.SourceMac is null ? 0 : 1),
            set_destination = (byte)(spec.DestinationMac is null ? 0 : 1),
        };
        spec.SourceMac?.CopyTo(new Span<byte>(config.source_mac, 6));
        spec.DestinationMac?.CopyTo(new Span<byte>(config.destination_mac, 6));
        return config;
    }

    public static EgressProgramConfig SpecOf(devmapd_egress_config config) => new(
        (EgressTemplate)config.template,
        config.set_source == 0 ? null : Mac(config.source_mac),
        config.set_destination == 0 ? null : Mac(config.destination_mac),
        config.vlan_id == 0 ? null : config.vlan_id);

    private static MacAddress Mac(byte* octets)
    {
        Span<byte> padded = stackalloc byte[8];
        new ReadOnlySpan<byte>(octets, 6).CopyTo(padded[2..]);
        return new MacAddress(BinaryPrimitives.ReadUInt64BigEndian(padded));
    }
}
