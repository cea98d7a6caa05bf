using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>The conditions of an entry's egress program.</summary>
internal static class EgressConditions
{
    /// <summary>Returns the conditions that do not hold.</summary>
    /// <param name="state">The programs, and the devices whose entries disagree.</param>
    /// <param name="target">The device.</param>
    /// <param name="program">The program; null for none.</param>
    /// <param name="times">The times of the interfaces' facts.</param>
    /// <param name="ingress">Where frames come from. Only in native mode does the kernel queue them by device.</param>
    public static IEnumerable<Condition> Faults(Snapshot state, InterfaceInfo target, string? program, FactTimes times, IngressFacts ingress)
    {
        if (ingress.Native && state.Conflicts.TryGetValue(target.Name, out var conflict))
        {
            yield return ConditionTypes.EgressProgramAgrees.False(
                "EntriesDisagree",
                $"The entries for '{target.Name}' have different egress programs: {conflict.Programs}. The kernel runs one of them on a whole burst of frames.",
                CommonRemedies.GiveAll(target.Name, state.TemplateOf(program) is { DropsAll: true } ? null : program))
                with { LastTransitionTime = conflict.Since };
        }

        if (state.TemplateOf(program) is not { } template)
            yield break;
        var loaded = state.Programs[program!].Since;
        if (ingress.TcxAttachment is { } attachment)
        {
            yield return ConditionTypes.EgressProgramApplies.False(
                "TcxMode",
                $"The redirect program runs in tcx mode on '{attachment.Interface}', where the kernel runs no egress program: frames from there are dropped.",
                CommonRemedies.AttachNative(attachment.ToWrite())) with { LastTransitionTime = loaded };
        }

        if (template.DropsAll)
        {
            yield return ConditionTypes.EgressProgramPasses.False(
                "TemplateDrops", $"The egress program '{program}' drops every frame.", CommonRemedies.GiveAll(target.Name, null))
                with { LastTransitionTime = loaded };
        }

        if (template.ChangesHeader && target.Mac is null)
        {
            yield return ConditionTypes.EgressProgramFits.False(
                "NoEthernet", $"'{target.Name}' carries no Ethernet headers, which '{program}' changes.", CommonRemedies.GiveAll(target.Name, null))
                with { LastTransitionTime = TransitionTimes.Latest(loaded, times.Of(target.Name, target).Present) };
        }
    }
}
