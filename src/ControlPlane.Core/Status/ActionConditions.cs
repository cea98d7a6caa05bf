using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>The condition of an entry's actions.</summary>
internal static class ActionConditions
{
    /// <summary>Returns whether the actions can be applied to the frames of entries; null if there are none. It has the time of the entry.</summary>
    /// <remarks>Actions that fail for some frames only are not False: the drops of the entry count these.</remarks>
    public static Condition? Of(FrameTraits frames)
    {
        if (frames.Actions == ActionEffects.None)
            return null;
        return frames.IsUntagged && (frames.Actions & ActionEffects.NeedTag) != 0
            ? ConditionTypes.ActionsApply.False(
                "UntaggedKey",
                $"Frames with this key have no VLAN tag, and the action {(frames.Actions.HasFlag(ActionEffects.SetsTag) ? "setVlan" : "popVlan")} drops frames without one.",
                CommonRemedies.OtherActions())
            : ConditionTypes.ActionsApply.True("Applicable", "The actions can be applied to frames with this key. Drops for the cause actionFailed count those to which they cannot.");
    }
}
