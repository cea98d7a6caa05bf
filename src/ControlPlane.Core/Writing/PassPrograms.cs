using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>
/// Attaches the pass program where a target of entries needs one to accept redirected frames, and detaches it when none does. What is
/// pinned is the record of it; nothing about it is wanted by anyone but the entries.
/// </summary>
internal static class PassPrograms
{
    // How long the monitor may take to learn that a target accepts frames now, so that an answer can say so.
    private static readonly TimeSpan Announcement = TimeSpan.FromMilliseconds(100);

    /// <summary>Takes over what is pinned. Before any entry is known, so nothing is detached yet.</summary>
    public static void Adopt(WriterScope scope, WriterContext context)
    {
        foreach (var program in context.Kernel.Targets.Adopt(scope))
        {
            context.State.Ensured = context.State.Ensured.SetItem(program.Interface, new PlacedPassProgram(program, null));
            context.TargetsToEnsure.Add(program.Interface);
        }
    }

    /// <summary>An entry has come to send to the interface, or has ceased to.</summary>
    /// <remarks>
    /// By the monitored table: the usual write or deletion is to cost no question to the kernel. What the table does not know yet, an
    /// event tells.
    /// </remarks>
    public static void Touch(WriterContext context, string name)
    {
        var interfaces = context.Kernel.Interfaces.Current;
        if (interfaces.Find(name) is not { } target
            || target.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) != true
            || context.State.EnsuredFor(target, interfaces) is not null)
        {
            context.TargetsToEnsure.Add(name);
        }
    }

    /// <summary>Brings about what the interfaces that were touched since the last call need.</summary>
    public static void Run(WriterScope scope, WriterContext context)
    {
        if (context.TargetsToEnsure.Count == 0)
            return;
        try
        {
            foreach (var enabler in Enablers(context))
                Bring(scope, context, enabler);
            context.TargetsToEnsure.Clear();
        }
        catch (KernelException e)
        {
            // Whatever it belongs to is done, and must be answered so; the next batch comes here again.
            WriterLog.TargetsNotEnsured(context.Logger, e);
        }
    }

    /// <summary>Makes way for another program on the interface.</summary>
    public static void Release(WriterScope scope, WriterContext context, string name)
    {
        context.TargetsToEnsure.Add(name);
        if (!context.State.Ensured.ContainsKey(name))
            return;
        context.Kernel.Targets.Detach(scope, name);
        context.State.Ensured = context.State.Ensured.Remove(name);
        context.ForgetInterfaces();
    }

    private static HashSet<string> Enablers(WriterContext context)
    {
        var enablers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in context.TargetsToEnsure)
        {
            if (context.State.Ensured.ContainsKey(name))
                enablers.Add(name);
            if (context.Interface(name) is { } info && context.Kernel.Interfaces.Current.With(info).FindEnabler(info) is { } enabler)
                enablers.Add(enabler.Name);
        }

        return enablers;
    }

    private static void Bring(WriterScope scope, WriterContext context, string name)
    {
        var there = context.State.Ensured.GetValueOrDefault(name);
        var device = context.Interface(name);
        var alive = there?.Program is { } program && program.Ifindex != 0 && program.Ifindex == device?.Ifindex;
        var target = device is null ? null : TargetOf(context, device);
        if (target is not null && IsWanted(context, device!, target, alive))
        {
            if (!alive)
                Attach(scope, context, device!, target, there);
        }
        else if (there is not null)
        {
            Detach(scope, context, name, there);
        }
    }

    private static InterfaceInfo? TargetOf(WriterContext context, InterfaceInfo device) =>
        device.Kind != "veth" ? device : context.Kernel.Interfaces.Current.PeerOf(device) is { } peer ? context.Interface(peer.Ifindex) : null;

    private static bool IsWanted(WriterContext context, InterfaceInfo device, InterfaceInfo target, bool alive)
    {
        if (!context.State.Targets.IsTargetOf(target.Name, Ensures))
            return false;
        if (alive)
            return true;
        // An interface that is to run a redirect program is left to that, which does as well.
        return device.XdpProgramId is null
            && target.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) != true
            && !context.State.Devmaps.Values.Any(d => d.Attachments.ContainsKey(device.Name));
    }

    // Frames of a devmap in generic mode need nothing; where it runs nowhere as yet, native mode is what is to be expected.
    private static bool Ensures(DevmapState devmap) =>
        devmap.Definition.Spec.EnsureTargets == EnsureTargets.Auto
        && (devmap.Attachments.IsEmpty || devmap.Attachments.Values.Any(a => a.Record.Spec.Mode == AttachMode.Native));

    private static void Attach(WriterScope scope, WriterContext context, InterfaceInfo device, InterfaceInfo target, PlacedPassProgram? there)
    {
        PlacedPassProgram after;
        try
        {
            if (there?.Program is { Ifindex: not 0 })
                context.Kernel.Targets.Detach(scope, device.Name);
            after = new PlacedPassProgram(context.Kernel.Targets.Attach(scope, device), null);
            SpinWait.SpinUntil(() => Accepts(context.Kernel.Interfaces.Current.Find(target.Ifindex)), Announcement);
        }
        catch (KernelException e)
        {
            if (there?.Failure != e.Message)
                WriterLog.TargetNotEnsured(context.Logger, target.Name, device.Name, e.Message);
            after = new PlacedPassProgram(null, e.Message);
        }

        context.State.Ensured = context.State.Ensured.SetItem(device.Name, after);
        context.ForgetInterfaces();
    }

    private static bool Accepts(InterfaceInfo? target) => target?.XdpFeatures is not { } features || features.HasFlag(XdpFeatures.NdoXmit);

    private static void Detach(WriterScope scope, WriterContext context, string name, PlacedPassProgram there)
    {
        try
        {
            if (there.Program is not null)
                context.Kernel.Targets.Detach(scope, name);
        }
        catch (KernelException e)
        {
            WriterLog.TargetNotReleased(context.Logger, name, e.Message);
            return;
        }

        context.State.Ensured = context.State.Ensured.Remove(name);
        context.ForgetInterfaces();
    }
}
