using System.Diagnostics;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>The comparison of the API with frames.</summary>
internal sealed partial class RandomTopology
{
    private const int Headers = 28; // of IPv4 and UDP
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(200);

    /// <summary>Reads every entry, sends frames to it, and returns both.</summary>
    public async Task<IReadOnlyList<Verdict>> JudgeAsync()
    {
        List<Probe> probes = [];
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
                var verdict = new Verdict(entry, string.Join(", ", ways.Select(w => $"{w.Attachment.Interface} {w.Attachment.Mode}")), able.Count < ways.Count);
                verdicts.Add(verdict);
                probes.AddRange(able.Select(ingress => new Probe(verdict, ingress, SinkOf(entry.Interface))));
            }
        }

        Send(probes);
        return verdicts;
    }

    // The socket that receives frames that leave by an interface; null if no such interface exists.
    private FrameSocket? SinkOf(string target)
    {
        if (target == Bridge)
            return _isBridged ? _bridged.FarEnd : null;
        if (target == _beside.FarName)
            return _beside.NearEnd;
        return AllPorts().SingleOrDefault(p => p.IsVisible && p.Name == target)?.FarEnd;
    }

    private static void Send(List<Probe> probes)
    {
        var run = FrameMark.NewRun();
        var sinks = probes.Select(p => p.Sink).OfType<FrameSocket>().Distinct().ToList();
        HashSet<(ulong, FrameSocket)> arrived = [];
        for (var i = 0; i < probes.Count; i++)
            probes[i].Ingress.FarEnd!.Send(probes[i].Frame(new FrameMark(run, (ulong)i)));

        // Until all expected frames have arrived, and no frame has arrived for a while.
        var (begun, last) = (Stopwatch.StartNew(), Stopwatch.StartNew());
        bool IsMissed(int i) => probes[i].Verdict.Entry.Status.State == "Forwarding" && probes[i].Sink is { } sink && !arrived.Contains(((ulong)i, sink));
        while (last.Elapsed < Quiet || (begun.Elapsed < Limit && Enumerable.Range(0, probes.Count).Any(IsMissed)))
        {
            foreach (var sink in sinks)
            {
                while (sink.Receive(TimeSpan.Zero) is { } frame)
                {
                    if (FrameMark.TryRead(frame, out var mark) && mark.Run == run && arrived.Add((mark.Sequence, sink)))
                        last.Restart();
                }
            }

            Thread.Sleep(1);
        }

        for (var i = 0; i < probes.Count; i++)
            probes[i].Verdict.Outcomes.Add((probes[i].Ingress.Name, probes[i].Sink is { } sink && arrived.Contains(((ulong)i, sink))));
    }

    /// <summary>A frame to an entry, as long as the MTU of the ingress allows.</summary>
    private sealed record Probe(Verdict Verdict, RandomPort Ingress, FrameSocket? Sink)
    {
        public byte[] Frame(FrameMark mark)
        {
            var entry = Verdict.Entry;
            var tag = entry.Devmap == Testbed.ByVlan ? entry.KernelKey ?? 0 : 0;
            return Frames.Udp(
                mark, entry.Devmap == Testbed.ByAddress ? entry.Key : "10.0.0.2", Ingress.Mtu - Headers, tag == 0 ? [] : [new VlanTag((ushort)tag)]);
        }
    }
}
