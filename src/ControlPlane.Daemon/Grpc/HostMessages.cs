using ControlPlane.Core.Model;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using WireFeature = Devmapd.V1.KernelFeature;
using WireXdpFeatures = Devmapd.V1.XdpFeatures;
using XdpFeatures = ControlPlane.Core.Model.XdpFeatures;

namespace ControlPlane.Daemon.Grpc;

/// <summary>The host and its interfaces from Core to the contract.</summary>
internal static class HostMessages
{
    private static readonly (XdpFeatures Flag, XdpFeature Message)[] Features =
    [
        (XdpFeatures.Basic, XdpFeature.Basic),
        (XdpFeatures.Redirect, XdpFeature.Redirect),
        (XdpFeatures.NdoXmit, XdpFeature.NdoXmit),
        (XdpFeatures.XskZerocopy, XdpFeature.XskZerocopy),
        (XdpFeatures.HwOffload, XdpFeature.HwOffload),
        (XdpFeatures.RxSg, XdpFeature.RxSg),
        (XdpFeatures.NdoXmitSg, XdpFeature.NdoXmitSg),
    ];

    public static Devmapd.V1.Host ToMessage(this HostView view)
    {
        var message = new Devmapd.V1.Host
        {
            KernelRelease = view.Facts.KernelRelease,
            Machine = view.Facts.Machine,
            DaemonVersion = view.DaemonVersion,
            Simulated = view.Facts.Simulated,
            StartedAt = Timestamp.FromDateTimeOffset(view.StartedAt),
            Revision = view.Revision,
        };
        if (view.Facts.LibbpfVersion is { } libbpf)
            message.LibbpfVersion = libbpf;
        foreach (var feature in view.Facts.Features)
            message.Features.Add(ToMessage(feature));
        return message;
    }

    public static Interface ToMessage(this InterfaceView view)
    {
        var info = view.Info;
        var message = new Interface
        {
            Name = info.Name,
            Ifindex = info.Ifindex,
            Mtu = info.Mtu,
            Up = info.IsUp,
            Carrier = info.HasCarrier,
            TxQueues = info.TxQueues,
            RxQueues = info.RxQueues,
            CanBeTarget = view.CanBeTarget,
            PassProgram = view.PassProgram,
        };
        if (info.Kind is { } kind)
            message.Kind = kind;
        if (info.Mac is { } mac)
            message.Mac = mac.ToString();
        if (info.LinkIfindex is { } link)
            message.LinkIfindex = link;
        if (info.XdpMode is { } mode)
            message.XdpMode = mode.ToMessage();
        if (info.XdpProgramId is { } program)
            message.XdpProgramId = program;
        if (info.XdpFeatures is { } features)
            message.XdpFeatures = ToMessage(features);
        foreach (var condition in view.Conditions)
            message.Conditions.Add(condition.ToMessage());
        return message;
    }

    private static WireXdpFeatures ToMessage(XdpFeatures features)
    {
        var message = new WireXdpFeatures();
        foreach (var (flag, feature) in Features)
        {
            if ((features & flag) != 0)
                message.Features.Add(feature);
        }

        return message;
    }

    private static WireFeature ToMessage(ControlPlane.Core.Model.KernelFeature feature)
    {
        var message = new WireFeature { Name = feature.Name, Available = feature.Available, Since = feature.Since };
        if (feature.Detail is { } detail)
            message.Detail = detail;
        return message;
    }
}
