using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>Runs kernel steps. The only code that changes the kernel.</summary>
internal sealed class StepRunner(PlanContext context, IKernel kernel, DevmapHandles handles)
{
    /// <summary>Whether a step since the last <see cref="PlanContext.Refresh"/> has changed what runs on an interface.</summary>
    public bool HasTouchedInterfaces { get; set; }

    /// <summary>
    /// Runs a step and returns what it made: a link, a loaded program, or null. An EINVAL or ENODEV can mean that the interface has
    /// changed since it was read: the kernel is then asked again, and the step is retried once if the answer differs.
    /// </summary>
    /// <exception cref="ControlPlaneException">The kernel refused, in the words of the catalogue.</exception>
    public object? Run(WriterScope scope, KernelStep step)
    {
        try
        {
            return Once(scope, step);
        }
        catch (KernelException e) when (e.Errno is Errno.EINVAL or Errno.ENODEV && InterfaceOf(step) is { } known)
        {
            var now = kernel.Interfaces.Query(known.Name);
            HasTouchedInterfaces = true;
            if (now is null)
                return WithoutInterface(scope, step, known.Name);
            return now.Ifindex == known.Ifindex ? throw Refusal(step, e) : Retry(scope, On(step, now));
        }
        catch (KernelException e)
        {
            throw Refusal(step, e);
        }
    }

    private object? Retry(WriterScope scope, KernelStep step)
    {
        try
        {
            return Once(scope, step);
        }
        catch (KernelException e)
        {
            throw Refusal(step, e);
        }
    }

    private object? Once(WriterScope scope, KernelStep step)
    {
        HasTouchedInterfaces |= step is KernelStep.ChangeDevmap or KernelStep.RemoveDevmap or KernelStep.AttachRedirect or KernelStep.DetachRedirect or KernelStep.AttachPass or KernelStep.DetachPass or KernelStep.SetPromiscuous or KernelStep.Rehearse;
        switch (step)
        {
            case KernelStep.SetElement set:
                Elements(set.Id.Devmap, set.InCandidate).Update(scope, set.Id.KernelKey, set.Value.Ifindex, set.Value.Program, set.Replaces, set.Value.Actions);
                return null;
            case KernelStep.DeleteElement delete:
                Elements(delete.Id.Devmap, delete.InCandidate).Delete(scope, delete.Id.KernelKey);
                return null;
            case KernelStep.AttachRedirect attach:
                return handles[attach.Devmap].Attach(scope, attach.Ingress, attach.Spec.Mode);
            case KernelStep.DetachRedirect detach:
                handles[detach.Devmap].Detach(scope, detach.Interface);
                return null;
            case KernelStep.AttachPass attach:
                return kernel.PassPrograms.Attach(scope, attach.Device);
            case KernelStep.DetachPass detach:
                kernel.PassPrograms.Detach(scope, detach.Interface);
                return null;
            case KernelStep.LoadProgram load:
                return kernel.Programs.Load(scope, load.Name, load.Config);
            case KernelStep.UnloadProgram unload:
                kernel.Programs.Unload(scope, unload.Name);
                return null;
            case KernelStep.SetPromiscuous set:
                kernel.Interfaces.SetPromiscuous(scope, set.Device.Ifindex, set.On);
                return null;
            case KernelStep.CreateDevmap create:
                kernel.RemoveDevmap(scope, create.Definition.Name);
                return kernel.OpenDevmap(scope, create.Definition);
            case KernelStep.ChangeDevmap change:
                return kernel.ChangeDevmap(scope, handles[change.Devmap], change.Definition);
            case KernelStep.RemoveDevmap remove:
                kernel.RemoveDevmap(scope, remove.Devmap);
                return null;
            case KernelStep.CountElement count:
                handles[count.Id.Devmap].Count(scope, count.Id.KernelKey);
                return null;
            case KernelStep.RestorePins:
                kernel.Pins.Restore(scope);
                return null;
            case KernelStep.SendFrames send:
                return Send(scope, send);
            case KernelStep.BeginCandidate begin:
                return handles[begin.Devmap].BeginCandidate(scope, begin.Definition, begin.Entries);
            case KernelStep.CompleteCandidate complete:
                handles[complete.Devmap].Candidate!.Complete(scope, complete.Revision);
                return null;
            case KernelStep.SwitchTable change:
                handles[change.Devmap].Candidate!.Switch(scope);
                return null;
            case KernelStep.ReleaseCandidate release:
                handles[release.Devmap].Candidate?.Release(scope);
                return null;
            case KernelStep.Rehearse { Begins: true } rehearse:
                rehearse.Rehearsal.Begin(scope);
                return null;
            case KernelStep.Rehearse rehearse:
                rehearse.Rehearsal.End(scope);
                return null;
            case KernelStep.BeginTable begin:
                begin.Table.Candidate = handles[begin.Devmap].BeginCandidate(scope, handles[begin.Devmap].Definition, begin.Entries);
                return null;
            case KernelStep.FillTable fill:
                Fill(scope, fill);
                return null;
            case KernelStep.GuardTable { Table: var table } guard:
                table.Guard = table.Candidate.PrepareGuard(scope, guard.Since, table.Order.RevertAfterDrops is not null);
                return null;
            case KernelStep.SwitchGuarded { Table: var table }:
                table.Guard!.Switch(scope, table.Order);
                return null;
            case KernelStep.DropTable { Table: var table }:
                table.Candidate.Release(scope);
                table.Guard?.Remove(scope);
                return null;
            case KernelStep.RemoveGuard { Guard: var guard }:
                guard.Remove(scope);
                return null;
            case KernelStep.EndSwitch end:
                return End(scope, end);
            case KernelStep.Activate activate:
                handles[activate.Devmap].Activate(scope);
                return null;
            default:
                throw new ArgumentOutOfRangeException(nameof(step), step, "not a kernel step");
        }
    }

    private IElements Elements(DevmapId devmap, bool ofCandidate) => ofCandidate ? handles[devmap].Candidate! : handles[devmap];

    private static void Fill(WriterScope scope, KernelStep.FillTable fill)
    {
        foreach (var (key, value) in fill.Elements)
        {
            try
            {
                if (value is null)
                    fill.Table.Candidate.Delete(scope, key);
                else
                    fill.Table.Candidate.Update(scope, key, value.Ifindex, value.Program, actions: value.Actions);
            }
            catch (KernelException e) when (e.Errno == Errno.EINVAL)
            {
                // The interface was removed a moment ago. The next notification says so.
            }
        }
    }

    private static GuardReport End(WriterScope scope, KernelStep.EndSwitch end)
    {
        var (table, guard) = (end.Table, end.Table.Guard!);
        var report = end.Confirms && guard.Confirm(scope) ? guard.Read() : guard.TakeBack(scope);
        table.IsOver = true;
        table.Candidate.Release(scope);
        return report;
    }

    private SentFrames? Send(WriterScope scope, KernelStep.SendFrames send)
    {
        var map = handles[send.Id.Devmap];
        // A frame without an element would take the miss action, which can be the host's network stack.
        if (!map.TryLookup(send.Id.KernelKey, out var element) || element != send.Value || map.ReadActions(send.Id.KernelKey) != send.Actions)
            return null;
        var before = map.ReadCounters(send.Id.KernelKey).Packets;
        var fates = send.Run.Send(scope, send.Order);
        return new SentFrames(fates, map.Definition.Spec.Counters ? map.ReadCounters(send.Id.KernelKey).Packets - before : null);
    }

    private static (string Name, uint Ifindex)? InterfaceOf(KernelStep step) => step switch
    {
        KernelStep.SetElement { Value: { Interface: { } name } value } => (name, value.Ifindex),
        KernelStep.AttachRedirect attach => (attach.Ingress.Name, attach.Ingress.Ifindex),
        KernelStep.AttachPass attach => (attach.Device.Name, attach.Device.Ifindex),
        _ => null,
    };

    private static KernelStep On(KernelStep step, InterfaceInfo now) => step switch
    {
        KernelStep.SetElement set => set with { Value = set.Value with { Ifindex = now.Ifindex } },
        KernelStep.AttachRedirect attach => attach with { Ingress = now with { Name = attach.Ingress.Name } },
        KernelStep.AttachPass => new KernelStep.AttachPass(now),
        _ => step,
    };

    private object? WithoutInterface(WriterScope scope, KernelStep step, string name)
    {
        if (step is not KernelStep.SetElement { TargetMayBeMissing: true } set)
            throw KernelErrors.NoInterface("interface", name, pendingPossible: true);
        return Retry(scope, new KernelStep.DeleteElement(set.Id, null) { InCandidate = set.InCandidate });
    }

    private ControlPlaneException Refusal(KernelStep step, KernelException e) => step switch
    {
        KernelStep.SetElement set when e.Errno == Errno.E2BIG => KernelErrors.Full(context.Devmap(set.Id.Devmap).Definition, e.Errno),
        KernelStep.AttachRedirect attach => Refusal(attach, e),
        _ => KernelErrors.Unforeseen(e),
    };

    private ControlPlaneException Refusal(KernelStep.AttachRedirect attach, KernelException e)
    {
        var ingress = attach.Ingress;
        try
        {
            ingress = (kernel.Interfaces.Query(ingress.Ifindex) ?? ingress) with { Name = ingress.Name };
        }
        catch (KernelException)
        {
            // The refusal itself says enough.
        }

        return KernelErrors.Attach(e, attach.Devmap.Name, ingress, context.Interfaces.PeerOf(ingress), attach.Spec);
    }
}
