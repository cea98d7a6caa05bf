using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>Whether API, store, its history and kernel have the same, once nobody writes any more.</summary>
internal static class ConsistencyCheck
{
    /// <summary>Where they differ.</summary>
    public static async Task<IEnumerable<string>> FaultsAsync(CoreFixture core, IStore store)
    {
        await LastBatchAsync(core);
        var stored = store.Load();
        var devmaps = new[] { SmallSetup.ByInterface.Name, SmallSetup.ByVlan.Name };
        var entries = devmaps.SelectMany(d => core.List(d).Entries).ToList();
        var programs = core.Programs.List();
        return
        [
            .. HistoryChain.FindBreaks(store.History, stored),
            .. Differences(
                "store", stored.Entries.Select(e => $"{e.Devmap}/{KeyText(e)} {e.Spec} {e.Revision} {e.CreateTime:O} {e.UpdateTime:O}"),
                entries.Select(e => $"{e.Devmap}/{e.Key} {e.Spec} {e.Revision} {e.CreateTime:O} {e.UpdateTime:O}")),
            .. Differences(
                "store", stored.Programs.Select(p => $"{p.Name} {p.Spec} {p.Revision}"), programs.Select(p => $"{p.Name} {p.Spec} {p.Revision}")),
            .. Differences(
                "kernel", core.Host.Programs.Values.Select(p => $"{p.Name} {p.Config} {p.ProgramId}"), programs.Select(p => $"{p.Name} {p.Spec.Config} {p.Status.ProgramId}")),
            .. devmaps.SelectMany(d => Differences(
                $"kernel's {d}", Elements(core, d), entries.Where(e => e.Devmap == d).SelectMany(e => Wanted(core, e)))),
        ];
    }

    private static string KeyText(EntryRecord entry) =>
        new[] { SmallSetup.ByInterface, SmallSetup.ByVlan }.Single(d => d.Name == entry.Devmap).Spec.KeySelector.Format(entry.Key);

    // It brings what the store is still owed, and what links have done.
    private static async Task LastBatchAsync(CoreFixture core)
    {
        await Eventually.Async(async () =>
        {
            try
            {
                await core.PutProgramAsync("last", "count");
                await core.Programs.DeleteAsync("last", default, default);
                return true;
            }
            catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.WriterBusy)
            {
                return false;
            }
        });
    }

    private static IEnumerable<string> Elements(CoreFixture core, string devmap)
    {
        var map = core.Host.Devmaps[devmap];
        foreach (var key in SmallSetup.Keys.Where(k => k.Devmap == devmap).Select(k => uint.TryParse(k.Key, out var number) ? number : 0).Distinct())
        {
            if (map.TryGet(key, out var there))
                yield return $"{key} -> {there.Ifindex} {there.EgressProgramId}";
        }
    }

    private static IEnumerable<string> Wanted(CoreFixture core, Entry entry)
    {
        if (core.Host.Interfaces.Find(entry.Spec!.Interface) is { } target)
        {
            var program = entry.Spec!.EgressProgram is { } name ? core.Programs.Get(name).Status.ProgramId : 0;
            yield return $"{entry.Status.KernelKey} -> {target.Ifindex} {program}";
        }
    }

    private static IEnumerable<string> Differences(string where, IEnumerable<string> there, IEnumerable<string> wanted)
    {
        var (has, wants) = (there.ToHashSet(), wanted.ToHashSet());
        return [.. has.Except(wants).Select(x => $"{where} has {x}"), .. wants.Except(has).Select(x => $"{where} lacks {x}")];
    }
}
