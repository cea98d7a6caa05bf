using System.Globalization;
using ControlPlane.Core.Ports;
using ControlPlane.Storage;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Disk;
using ControlPlane.TestCommon.Lab;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.PowerCuts;

/// <summary>
/// The power is cut at any moment under writes of many clients. A library records what the daemon writes and flushes; the log is cut anywhere, and
/// what was not flushed by then is dropped, kept and reordered at random. The store must be whole, and hold every write that was answered before.
/// </summary>
/// <remarks>The environment variable <c>DEVMAPD_CUTS</c> sets the number of cuts, <c>DEVMAPD_CUTS_SEED</c> the seed; <c>make powercut</c> passes both.</remarks>
[Trait("Group", "powercut")]
public sealed class PowerCutTests(ITestOutputHelper output) : IDisposable
{
    private readonly NetworkNamespace _space = NetworkNamespace.Create();
    private readonly DirectoryInfo _disk = Directory.CreateTempSubdirectory("devmapd-cut-");

    private static int Cuts => Number("DEVMAPD_CUTS") ?? 60;

    public void Dispose()
    {
        _space.Dispose();
        _disk.Delete(recursive: true);
    }

    [Fact]
    public async Task Cut_Anywhere_LosesNoWriteThatWasAnswered()
    {
        var seed = Number("DEVMAPD_CUTS_SEED") ?? Environment.TickCount;
        output.WriteLine($"seed {seed}");
        await using var runner = new DaemonRunner(_space, detached: false, "--ControlPlane:Devmaps:0:Name=vlans", "--ControlPlane:Devmaps:0:KeySelector=vlan");
        using var shim = new StoreShim(runner.StateDirectory);
        runner.Environment = shim.Environment;
        var recording = new Recording(_space, runner, shim);
        await recording.RecordAsync();
        var log = shim.ReadLog();

        var lost = Replay(log, recording.Histories, new Random(seed), ignoresFlushes: false);
        Assert.True(lost.Count == 0, string.Join('\n', lost.Take(20)));

        // A disk that ignores flushes does lose them, or this test would find nothing.
        Assert.NotEmpty(Replay(log, recording.Histories, new Random(seed), ignoresFlushes: true));
        output.WriteLine($"{log.Count} operations, {recording.Acknowledged} writes answered, {Cuts} cuts");
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private List<string> Replay(IReadOnlyList<StoreOperation> log, IReadOnlyList<WriteHistory> histories, Random random, bool ignoresFlushes)
    {
        var cuts = Enumerable.Range(0, Cuts).Select(_ => random.Next(log.Count + 1)).Order().ToList();
        var disk = new VolatileDisk(ignoresFlushes);
        var (done, lost) = (0, new List<string>());
        foreach (var cut in cuts)
        {
            while (done < cut)
                disk.Do(log[done++]);
            var folder = _disk.CreateSubdirectory("state");
            disk.Cut(random, folder.FullName);
            lost.AddRange(Judge(folder.FullName, histories, cut == 0 ? 0 : log[cut - 1].End).Select(text => $"cut after {cut} of {log.Count} operations: {text}"));
            folder.Delete(recursive: true);
        }

        return lost;
    }

    private static IEnumerable<string> Judge(string folder, IReadOnlyList<WriteHistory> histories, long cut)
    {
        StoredState state;
        IReadOnlyList<string> breaks;
        try
        {
            using var store = SqliteStore.Open(folder);
            state = store.Load();
            breaks = HistoryChain.FindBreaks(store.History, state);
        }
        catch (StoreException e)
        {
            return [e.Message];
        }

        var found = state.Entries.Select(e => ($"entries/{e.Key.Number}", e.Spec.Labels))
            .Concat(state.Programs.Select(p => ($"programs/{p.Name}", p.Spec.Labels)))
            .Concat(state.Attachments.Select(a => ($"attachments/{a.Interface}", a.Spec.Labels)))
            .Concat(state.Tokens.Select(t => ($"tokens/{t.Name}", t.Spec.Labels)))
            .ToDictionary(pair => pair.Item1, pair => pair.Labels.ToDictionary().GetValueOrDefault("write"));
        var programs = state.Entries.Where(e => e.Key.Number >= 2000).Select(e => e.Spec.EgressProgram).Distinct().ToList();
        found["swap"] = programs.Count == 1 ? programs[0] : programs.Count == 0 ? null : string.Join('+', programs);
        return breaks.Concat(histories
            .Where(h => !h.Allowed(cut).Contains(found.GetValueOrDefault(h.Resource)))
            .Select(h => $"{h.Resource} is {found.GetValueOrDefault(h.Resource) ?? "absent"}, not {string.Join(" or ", h.Allowed(cut).Select(v => v ?? "absent"))}"));
    }
}
