using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Programs;

/// <summary>Converts between the actions of an entry and their struct in BPF programs.</summary>
internal static unsafe class ActionConfig
{
    /// <summary>Returns the struct of actions; all zero for none.</summary>
    public static devmapd_actions Of(EntryActions? actions)
    {
        devmapd_actions config = default;
        if (actions is null)
            return config;
        if (actions.SourceMac is { } source)
        {
            source.CopyTo(new Span<byte>(config.source_mac, 6));
            config.flags |= DevmapdConstants.DEVMAPD_SET_SOURCE;
        }

        if (actions.DestinationMac is { } destination)
        {
            destination.CopyTo(new Span<byte>(config.destination_mac, 6));
            config.flags |= DevmapdConstants.DEVMAPD_SET_DESTINATION;
        }

        config.vlan_id = actions.SetVlan ?? actions.PushVlan ?? 0;
        config.flags |= actions.SetVlan is not null ? DevmapdConstants.DEVMAPD_SET_VLAN : actions.PushVlan is not null ? DevmapdConstants.DEVMAPD_ADD_VLAN : (ushort)0;
        config.flags |= actions.PopVlan ? DevmapdConstants.DEVMAPD_REMOVE_VLAN : (ushort)0;
        config.flags |= actions.DecrementTtl ? DevmapdConstants.DEVMAPD_DECREMENT_TTL : (ushort)0;
        return config;
    }

    /// <summary>Returns the actions of a struct; null for none.</summary>
    public static EntryActions? ActionsOf(devmapd_actions config)
    {
        var (flags, vlan) = (config.flags, config.vlan_id);
        if (flags == 0)
            return null;
        return new EntryActions(
            Has(DevmapdConstants.DEVMAPD_SET_SOURCE) ? MacAddress.Read(new ReadOnlySpan<byte>(config.source_mac, 6)) : null,
            Has(DevmapdConstants.DEVMAPD_SET_DESTINATION) ? MacAddress.Read(new ReadOnlySpan<byte>(config.destination_mac, 6)) : null,
            Has(DevmapdConstants.DEVMAPD_SET_VLAN) ? vlan : null,
            Has(DevmapdConstants.DEVMAPD_ADD_VLAN) ? vlan : null,
            Has(DevmapdConstants.DEVMAPD_REMOVE_VLAN),
            Has(DevmapdConstants.DEVMAPD_DECREMENT_TTL));

        bool Has(ushort flag) => (flags & flag) != 0;
    }

    /// <summary>Whether two structs are the same.</summary>
    public static bool AreSame(devmapd_actions one, devmapd_actions other) =>
        new ReadOnlySpan<byte>(&one, sizeof(devmapd_actions)).SequenceEqual(new ReadOnlySpan<byte>(&other, sizeof(devmapd_actions)));
}
