using System.Collections.Immutable;
using ControlPlane.Core.Attachments;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Entries;
using ControlPlane.Core.Keys;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Reading;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Brings up the state at start from what is pinned in the kernel. Frames flow meanwhile; nothing of what works is touched.</summary>
internal static class Startup
{
    /// <summary>Adopts programs, opens devmaps, and takes their elements and links as what is wanted.</summary>
    public static void Run(WriterScope scope, WriterContext context, IReadOnlyList<DevmapDefinition> definitions)
    {
        var state = context.State;
        var now = context.Now;
        foreach (var program in context.Kernel.Programs.Adopt(scope))
            state.Programs = state.Programs.SetItem(program.Name, new ProgramStatus(program, state.NextRevision(), now, now, 0));

        var opened = new List<DevmapState>();
        try
        {
            foreach (var definition in definitions)
                opened.Add(new DevmapState(context.Kernel.OpenDevmap(scope, definition), state.NextRevision()));
        }
        catch
        {
            opened.ForEach(d => d.Kernel.Dispose());
            throw;
        }

        state.Devmaps = state.Devmaps.AddRange(opened.Select(d => KeyValuePair.Create(d.Definition.Name, d)));
        foreach (var devmap in opened)
        {
            AdoptEntries(context, devmap, now);
            AdoptLinks(context, devmap, now);
            WriterLog.DevmapOpened(context.Logger, devmap.Definition.Name, devmap.Kernel.Adopted, devmap.Entries.Count, devmap.Attachments.Count);
        }
    }

    private static void AdoptEntries(WriterContext context, DevmapState devmap, DateTimeOffset now)
    {
        var programs = context.State.Programs.Values.ToDictionary(p => p.Loaded.ProgramId, p => p.Loaded.Name);
        foreach (var bucket in KernelWalk.Buckets(devmap.Kernel, devmap.Entries))
        {
            foreach (var kernelKey in bucket.Keys)
            {
                // An element whose device is gone has just been removed by the kernel itself.
                if (!devmap.Kernel.TryLookup(kernelKey, out var element) || context.Interface(element.Ifindex) is not { } target)
                    continue;
                var key = devmap.Definition.KeySelector == KeySelector.IngressInterface && context.Interface(kernelKey) is { } ingress
                    ? EntryKey.OfInterface(ingress.Name)
                    : EntryKey.OfNumber(kernelKey);
                var record = new EntryRecord(
                    devmap.Definition.Name,
                    key,
                    target.Name,
                    programs.GetValueOrDefault(element.EgressProgramId),
                    ImmutableSortedDictionary<string, string>.Empty,
                    context.State.NextRevision(),
                    now,
                    now);
                EntryChanges.Publish(context, devmap, null, new PlacedEntry(record, kernelKey));
            }
        }
    }

    private static void AdoptLinks(WriterContext context, DevmapState devmap, DateTimeOffset now)
    {
        foreach (var link in devmap.Kernel.Links)
        {
            var record = new AttachmentRecord(devmap.Definition.Name, link.Interface, link.Mode, context.State.NextRevision(), now, now);
            devmap.Attachments = devmap.Attachments.SetItem(
                link.Interface, new AttachmentStatus(record, link.Ifindex == 0 ? null : link, null));
        }
    }
}
