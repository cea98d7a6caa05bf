using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>
/// Live frames of a simulated host. No frame moves; what would become of the frames follows from the rules of the kernel:
/// <c>xdp_ok_fwd_dev</c> and <c>__xdp_enqueue</c> first, then the egress program, then <c>veth_xdp_xmit</c>.
/// </summary>
internal sealed class SimulatedLiveFrames(SimulatedHost host) : ILiveFrames
{
    // An Ethernet header and one VLAN tag.
    private const uint HeaderBytes = 18;

    public KernelFeature Feature { get; } = new(KernelFeatureNames.LiveFrames, true, "5.18", null);

    public ILiveFrameRun Begin() => new Run(host);

    private sealed class Run(SimulatedHost host) : ILiveFrameRun
    {
        public LiveFrameFates Send(WriterScope scope, LiveFrameOrder order)
        {
            scope.Demand();
            lock (host.Lock)
            {
                var count = (ulong)order.Count;
                if (host.Interfaces.Find(order.Ingress.Ifindex) is null)
                    throw new KernelException("bpf_prog_test_run_opts", Errno.ENODEV, "ENODEV (No such device)");
                if (!host.Devmaps[order.Devmap].TryGet(order.KernelKey, out var element) || host.Interfaces.Find(element.Ifindex) is not { } target)
                    return default;
                host.Devmaps[order.Devmap].CountHits(order.KernelKey, count, count * (ulong)order.Frame.Length);
                return Refusal(target, order.Frame.Length) is { } refusal
                    ? new LiveFrameFates(0, 0, 0, count, refusal)
                    : Drop(target, element, order.Frame) is { } drop
                    ? new LiveFrameFates(0, count, drop, 0, 0)
                    : new LiveFrameFates(count, 0, 0, 0, 0);
            }
        }

        public void Dispose()
        {
        }

        private static int? Refusal(InterfaceInfo target, int bytes) =>
            target.XdpFeatures is { } features && !features.HasFlag(XdpFeatures.NdoXmit) ? Errno.EOPNOTSUPP
            : !target.IsUp ? Errno.ENETDOWN
            : bytes > target.Mtu + HeaderBytes ? Errno.EMSGSIZE
            : null;

        private int? Drop(InterfaceInfo target, KernelEntry element, ReadOnlyMemory<byte> frame)
        {
            var program = host.Programs.Values.FirstOrDefault(p => p.ProgramId == element.EgressProgramId);
            var leaves = program is null ? frame.ToArray() : program.Config.Template.Run(program.Config.Parameters, frame.Span);
            if (leaves is null)
                return 0;
            if (!target.HasCarrier)
                return Errno.ENXIO;
            return leaves.Length > (host.Interfaces.PeerOf(target)?.Mtu ?? target.PeerMtu ?? target.Mtu) + HeaderBytes ? 0 : null;
        }
    }
}
