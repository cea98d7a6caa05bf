namespace ControlPlane.Core.Model;

/// <summary>Whether the daemon makes an ingress interface promiscuous (<c>IFF_PROMISC</c>).</summary>
public enum Promiscuous
{
    /// <summary>It does for hardware, if the devmap's key selector needs frames for all addresses. Virtual devices of most kinds filter none.</summary>
    Auto,

    /// <summary>It does.</summary>
    On,

    /// <summary>It does not.</summary>
    Off,
}

/// <summary>Says which interfaces must be promiscuous, because the redirect program runs on them.</summary>
public static class Promiscuity
{
    /// <summary>Returns whether an attachment desires a promiscuous interface.</summary>
    /// <param name="promiscuous">The desire of the attachment.</param>
    /// <param name="selector">The key selector of the devmap.</param>
    /// <param name="ingress">The interface.</param>
    public static bool IsDesired(Promiscuous promiscuous, KeySelector selector, InterfaceInfo ingress) => promiscuous switch
    {
        Promiscuous.On => true,
        Promiscuous.Auto => ingress.IsHardware && selector.NeedsAllAddresses,
        _ => false,
    };
}
