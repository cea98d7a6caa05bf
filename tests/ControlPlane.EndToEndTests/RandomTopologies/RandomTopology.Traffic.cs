using System.Diagnostics;
using System.Net;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>The comparison of the API with traffic.</summary>
internal sealed partial class RandomTopology
{
    private const int Headers = 28; // of IPv4 and UDP
    private const int SmallDatagram = 64;
    private const int Segments = 4;
    private const ushort Tag = 300; // of tagged traffic whose tag is not its key
    private const ushort InnerTag = 400; // of traffic with two tags
    private const ushort OtherTag = 999; // no entry has it
    private const ushort PushedTag = 77;
    private const ushort ActionTag = 78;
    private const ushort SetTag = 79;
    private const string OtherDestination = "10.0.0.2"; // where the destination is not the key

    private static readonly FlowKind[] _kinds = [FlowKind.Datagram, FlowKind.FullDatagram, FlowKind.SegmentedDatagrams, FlowKind.Tcp];
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Reads every entry, sends traffic to it, and returns both.</summary>
    /// <param name="without">A rule that is switched off; null for none.</param>
    public async Task<IReadOnlyList<Verdict>> JudgeAsync(Rule? without = null)
    {
        List<Flow> flows = [];
        List<Verdict> verdicts = [];
        foreach (var devmap in _devmaps)
        {
            var attached = (await Testbed.Http.ReadAsync<AttachmentPage>($"/v1/devmaps/{devmap}/attachments")).Attachments
                .Where(a => a.Status.State == "Attached")
                .Select(a => (Attachment: a, Port: _ports.SingleOrDefault(p => p.IsVisible && p.Name == a.Interface)))
                .ToList();
            foreach (var entry in await Testbed.Http.ListAsync(devmap))
            {
                var ways = attached.Where(a => devmap != Testbed.ByInterface || a.Attachment.Interface == entry.Key).ToList();
                var able = ways.Where(w => w.Port?.ReceivesFullFrames == true).Select(w => w.Port!).ToList();
                var verdict = new Verdict(
                    entry, string.Join(", ", ways.Select(w => $"{w.Attachment.Interface} {w.Attachment.Status.Mode}")), able.Count < ways.Count, without);
                verdicts.Add(verdict);
                foreach (var ingress in able)
                    flows.AddRange(FlowsTo(verdict, ingress));
            }
        }

        await SendAsync(flows);
        foreach (var flow in flows.Where(f => !f.IsRefused))
            flow.Verdict.Outcomes.Add(($"{flow.Ingress.Name} {flow}", flow.Arrived));
        return verdicts;
    }

    /// <summary>
    /// The traffic that an entry must forward. Tagged traffic counts only where the tag is the key or the entry handles tags; an attachment
    /// tells of other tags that are lost. Traffic without a tag does not count where an action needs one: the drops of the entry tell of it.
    /// </summary>
    private IEnumerable<Flow> FlowsTo(Verdict verdict, RandomPort ingress)
    {
        var (entry, actions) = (verdict.Entry, verdict.Entry.Spec.Actions);
        var needsTag = actions is { SetVlan: not null } or { PopVlan: true };
        var key = entry.Devmap == Testbed.ByVlan ? (ushort)(entry.KernelKey ?? 0) : needsTag ? Tag : (ushort)0;
        foreach (var kind in _kinds)
            yield return Flow(kind, key);
        if (entry.Devmap == Testbed.ByVlan && key == 0)
            yield return Flow(FlowKind.OtherVlan, OtherTag);
        if (entry.Devmap != Testbed.ByVlan && (entry.EgressProgram is "push" or "pop" || actions is { PushVlan: not null } || needsTag))
        {
            yield return Flow(FlowKind.Datagram, Tag);
            yield return Flow(FlowKind.Datagram, Tag, InnerTag);
        }

        Flow Flow(FlowKind kind, params ushort[] tags) => new(verdict, ingress, SinkOf(entry.Interface), kind, [.. tags.Where(t => t != 0)], entry.EgressProgram, actions);
    }

    // Where traffic arrives that leaves by an interface; null if no such interface exists.
    private (FrameSocket Frames, TrafficStack Stack)? SinkOf(string target)
    {
        if (target == Bridge)
            return _isBridged ? At(_bridged) : null;
        if (target == _beside.FarName)
            return _beside.NearEnd is { } near ? (near, _network[_beside.NearSpace!]) : null;
        return AllPorts().SingleOrDefault(p => p.IsVisible && p.Name == target) is { } port ? At(port) : null;

        (FrameSocket Frames, TrafficStack Stack)? At(RandomPort port) => port.FarEnd is { } end ? (end, _network[port.FarSpace]) : null;
    }

    private async Task SendAsync(List<Flow> flows)
    {
        var run = FrameMark.NewRun();
        using var ended = new CancellationTokenSource();
        List<Task> transfers = [];
        var sinks = flows.Select(f => f.Sink?.Frames).OfType<FrameSocket>().Distinct().ToList();
        foreach (var (index, flow) in flows.Index())
        {
            var (mark, stack) = (new FrameMark(run, (ulong)index), _network[flow.Ingress.FarSpace]);
            if (flow.Kind == FlowKind.Tcp)
                transfers.Add(stack.SendTcpAsync(flow.Ingress.Source, flow.Destination, mark, flow.Mtu, flow.Mark, ended.Token));
            else
                flow.IsRefused = !stack.SendUdp(flow.Ingress.Source, flow.Destination, mark, flow.DatagramBytes, flow.Mark, flow.Datagrams);
        }

        // Until all expected traffic has arrived, and nothing has arrived for a while.
        var (begun, last, received) = (Stopwatch.StartNew(), Stopwatch.StartNew(), _network.Received);
        while (last.Elapsed < Quiet || (begun.Elapsed < Limit && flows.Any(f => !f.Arrived && !f.IsRefused && f.Verdict.State == "Forwarding")))
        {
            if (Receive(run, flows, sinks) || _network.Received != received)
            {
                received = _network.Received;
                last.Restart();
            }

            if (begun.Elapsed > Limit)
                break;
            Thread.Sleep(1);
        }

        await ended.CancelAsync();
        await Task.WhenAll(transfers);
    }

    private bool Receive(ulong run, List<Flow> flows, List<FrameSocket> sinks)
    {
        var any = false;
        foreach (var sink in sinks)
        {
            while (sink.Receive(TimeSpan.Zero) is { } frame)
            {
                if (FrameMark.TryRead(frame, out var mark) && mark.Run == run && flows[(int)mark.Sequence] is var flow && flow.Sink?.Frames == sink)
                    any |= flow.See(Frames.TagsOf(frame));
            }
        }

        foreach (var stack in _network.Stacks)
        {
            foreach (var mark in stack.TakeDatagrams().Concat(stack.TakeTransfers()))
            {
                if (mark.Run == run && flows[(int)mark.Sequence] is var flow && flow.Sink?.Stack == stack)
                    any |= flow.Deliver();
            }
        }

        return any;
    }

    private enum FlowKind
    {
        /// <summary>One small datagram.</summary>
        Datagram,

        /// <summary>One datagram as long as the MTU of the ingress allows.</summary>
        FullDatagram,

        /// <summary>Several such datagrams, which the sender leaves to a device to part.</summary>
        SegmentedDatagrams,

        /// <summary>A datagram of a VLAN that is not the entry's: it must not come out at the target.</summary>
        OtherVlan,

        /// <summary>A transfer by TCP.</summary>
        Tcp,
    }

    /// <summary>Traffic that an entry must forward from one ingress interface.</summary>
    private sealed record Flow(Verdict Verdict, RandomPort Ingress, (FrameSocket Frames, TrafficStack Stack)? Sink, FlowKind Kind, ushort[] Tags, string? Program, Actions? Actions)
    {
        private int _delivered;
        private ushort[]? _tags;

        public IPAddress Destination { get; } = IPAddress.Parse(Verdict.Entry.Devmap == Testbed.ByAddress ? Verdict.Entry.Key : OtherDestination);

        public int Mtu => Ingress.TrafficMtu;

        /// <summary>The mark that makes the sender add the tags.</summary>
        public uint Mark => Tags.Reverse().Aggregate(0u, (mark, tag) => (mark << 16) | tag);

        /// <summary>The tags with which it must leave.</summary>
        private ushort[] Leaving { get; } = Program switch
        {
            "push" => [PushedTag, .. Redirected(Tags, Actions)],
            "pop" => [.. Redirected(Tags, Actions).Skip(1)],
            _ => Redirected(Tags, Actions),
        };

        private static ushort[] Redirected(ushort[] tags, Actions? actions) =>
            actions?.PushVlan is { } push ? [push, .. tags]
            : actions?.SetVlan is { } set ? [set, .. tags.Skip(1)]
            : actions is { PopVlan: true } ? [.. tags.Skip(1)]
            : tags;

        public int DatagramBytes => Kind is FlowKind.Datagram or FlowKind.OtherVlan ? SmallDatagram : Mtu - Headers;

        public int Datagrams => Kind == FlowKind.SegmentedDatagrams ? Segments : 1;

        /// <summary>
        /// Whether the sender's own kernel did not take it: it parts no datagrams with a VLAN tag in the frame while checksum offload is off
        /// (ENOMEM). That says nothing of the entry.
        /// </summary>
        public bool IsRefused { get; set; }

        /// <summary>Whether it came out at the target with the right tags, and the receiver's stack took it; for other traffic, whether it did not.</summary>
        public bool Arrived => Kind == FlowKind.OtherVlan ? _tags is null : _delivered >= Datagrams && (Kind == FlowKind.Tcp || (_tags is { } tags && tags.SequenceEqual(Leaving)));

        /// <summary>Notes a frame of it at the target. Returns whether that is new.</summary>
        public bool See(ushort[] tags)
        {
            var before = _tags;
            _tags = tags;
            return before is null;
        }

        /// <summary>Notes that the stack took it, or one of its datagrams. Returns whether that is new.</summary>
        public bool Deliver() => ++_delivered <= Datagrams;

        public override string ToString() =>
            $"{Kind}{(Tags.Length == 0 ? "" : $" in {string.Join('+', Tags)}")}{(_tags is { } tags && !tags.SequenceEqual(Leaving) ? $" with tags {string.Join('+', tags)}" : "")}";
    }
}
