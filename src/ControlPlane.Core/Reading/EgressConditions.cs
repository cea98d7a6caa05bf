using ControlPlane.Core.Entries;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Programs;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Reading;

/// <summary>What the egress program of an entry does to its frames.</summary>
internal static class EgressConditions
{
    /// <summary>What is wrong with it.</summary>
    /// <param name="state">The programs, and the devices whose entries disagree.</param>
    /// <param name="target">The device.</param>
    /// <param name="program">The program; null for none.</param>
    /// <param name="native">Whether frames come in native mode: only then does the kernel queue them by device.</param>
    public static IEnumerable<Condition> Faults(ControlPlaneState state, InterfaceInfo target, string? program, bool native)
    {
        if (native && state.Conflicts.TryGetValue(target.Name, out var programs))
        {
            yield return new Condition(
                ConditionTypes.EgressProgramAgrees,
                false,
                "EntriesDisagree",
                $"The entries for '{target.Name}' carry different egress programs: {programs}. The kernel runs one of them on a whole burst of frames.",
                $"POST /v1/interfaces/{target.Name}:setEgressProgram gives all of them one program.");
        }

        if (program is null || state.Programs.GetValueOrDefault(program)?.Loaded.Spec.Template is not { } template)
            yield break;
        if (template == EgressTemplate.Drop)
        {
            yield return new Condition(
                ConditionTypes.EgressProgramPasses, false, "TemplateDrops", $"The egress program '{program}' drops every frame.", "PUT the entry with another egress program.");
        }

        if (template is EgressTemplate.RewriteMac or EgressTemplate.PushVlan or EgressTemplate.PopVlan && target.Mac is null)
        {
            yield return new Condition(
                ConditionTypes.EgressProgramFits, false, "NoEthernet", $"'{target.Name}' carries no Ethernet headers, which '{program}' changes.", "PUT the entry without an egress program.");
        }
    }
}
