using System.Diagnostics;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>How entries get into the kernel and out of it: what requests and link events share.</summary>
internal static class EntryChanges
{
    /// <summary>Where an entry would stand in the kernel now.</summary>
    /// <param name="KernelKey">Its kernel key; null while the interface that is its key does not exist.</param>
    /// <param name="Target">Its egress interface; null while that does not exist.</param>
    internal readonly record struct Placement(uint? KernelKey, InterfaceInfo? Target);

    /// <summary>Resolves an entry's names.</summary>
    public static Placement Resolve(WriterContext context, EntryKey key, string target) => new(
        key.InterfaceName is { } name ? context.Interface(name)?.Ifindex : key.Number,
        context.Interface(target));

    /// <summary>
    /// Makes the kernel have the element, and nothing if it has it already: replacing opens a gap of an instant, in which frames
    /// take the miss action.
    /// </summary>
    public static void Write(WriterScope scope, WriterContext context, DevmapState devmap, uint kernelKey, InterfaceInfo target, string? program)
    {
        var replaces = devmap.Kernel.TryLookup(kernelKey, out var there);
        if (replaces && there.Ifindex == target.Ifindex && there.EgressProgramId == context.State.ProgramId(program))
            return;

        try
        {
            devmap.Kernel.Update(scope, kernelKey, target.Ifindex, program, replaces);
        }
        catch (KernelException e) when (e.Errno == Errno.E2BIG)
        {
            throw KernelErrors.Full(devmap.Definition, e.Errno);
        }
        catch (KernelException e) when (e.Errno == Errno.EINVAL && context.Kernel.Interfaces.Query(target.Name)?.Ifindex != target.Ifindex)
        {
            // All other causes of EINVAL were excluded beforehand; the device went between the question and the write.
            context.ForgetInterfaces();
            throw KernelErrors.NoInterface("interface", target.Name, pendingPossible: true);
        }
    }

    /// <summary>Makes a change of the desired state visible, with its place in every index.</summary>
    public static void Publish(WriterContext context, DevmapState devmap, PlacedEntry? before, PlacedEntry? after)
    {
        Debug.Assert(before is not null || after is not null, "a change needs a before or an after");
        var (was, now) = (before?.Record, after?.Record);
        if (was?.Spec.Interface != now?.Spec.Interface || was?.Spec.EgressProgram != now?.Spec.EgressProgram || was?.Key != now?.Key)
        {
            if (was is not null)
            {
                PassPrograms.Touch(context, was.Spec.Interface);
                context.State.Targets.Remove(new EntryId(devmap, was.Key), was.Spec.Interface, was.Spec.EgressProgram);
            }

            if (now is not null)
            {
                PassPrograms.Touch(context, now.Spec.Interface);
                context.State.Targets.Add(new EntryId(devmap, now.Key), now.Spec.Interface, now.Spec.EgressProgram);
            }

            PublishUse(context, was?.Spec.EgressProgram);
            PublishUse(context, now?.Spec.EgressProgram);
            PublishConflict(context, was?.Spec.Interface);
            PublishConflict(context, now?.Spec.Interface);
        }

        devmap.Entries.Replace(before, after);
        if (now is not null && now.Revision > devmap.Revision)
            devmap.Revision = now.Revision;
    }

    private static void PublishUse(WriterContext context, string? program)
    {
        if (program is not null && context.State.Programs.TryGetValue(program, out var status))
            context.State.Programs = context.State.Programs.SetItem(program, status with { Entries = context.State.Targets.UseOf(program) });
    }

    private static void PublishConflict(WriterContext context, string? interfaceName)
    {
        if (interfaceName is null)
            return;
        var programs = context.State.Targets.ProgramsOf(interfaceName);
        if (programs.Count > 1)
        {
            var words = string.Join(", ", programs.Select(p => $"{(p.Program is null ? "none" : $"'{p.Program}'")} ('{p.Entry}')").Order(StringComparer.Ordinal));
            context.State.Conflicts = context.State.Conflicts.SetItem(interfaceName, words);
        }
        else if (context.State.Conflicts.ContainsKey(interfaceName))
        {
            context.State.Conflicts = context.State.Conflicts.Remove(interfaceName);
        }
    }
}
