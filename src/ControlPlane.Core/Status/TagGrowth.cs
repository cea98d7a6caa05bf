using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>
/// The VLAN tags that the longest frames of an entry have more than one, for which every MTU has room; -1 if they have none for certain. Actions
/// change the tags before the kernel compares a frame with the MTU of the target, and an egress program changes them after that.
/// </summary>
/// <param name="AtTarget">The tags when the kernel compares a frame with the MTU of the target.</param>
/// <param name="AtDriver">The tags when the driver has the frame.</param>
/// <param name="ProgramAdds">Whether the egress program adds one.</param>
internal readonly record struct TagGrowth(int AtTarget, int AtDriver, bool ProgramAdds)
{
    /// <summary>The bytes at the target.</summary>
    public int BytesAtTarget => AtTarget * EthernetHeader.TagBytes;

    /// <summary>The bytes at the driver.</summary>
    public int BytesAtDriver => AtDriver * EthernetHeader.TagBytes;

    /// <summary>The words about the bytes at the target, behind those about the MTU of the ingress; empty if there is nothing to say.</summary>
    public string TextAtTarget => TextOf(AtTarget, programAdds: false);

    /// <summary>The words about the bytes at the driver.</summary>
    public string TextAtDriver => TextOf(AtDriver, ProgramAdds);

    /// <summary>Returns the growth of the frames of entries.</summary>
    /// <param name="frames">The frames as they arrive, and their actions. Of those that may have a tag, only those without count.</param>
    /// <param name="template">The template of the egress program; null for none.</param>
    /// <param name="ridesBeside">Whether one tag rides beside the frame where the driver compares its length.</param>
    public static TagGrowth Of(FrameTraits frames, EgressTemplate? template, bool ridesBeside)
    {
        var (adds, removes) = (frames.Actions.HasFlag(ActionEffects.AddsTag), frames.Actions.HasFlag(ActionEffects.RemovesTag));
        // A frame without a tag does not get past an action that sets or removes one.
        var tags = (!removes && (frames.IsTagged || frames.Actions.HasFlag(ActionEffects.SetsTag)) ? 1 : 0) + (adds ? 1 : 0);
        var atTarget = removes ? -1 : Math.Max(0, tags - 1);
        var programAdds = template is { AddsTag: true };
        var atDriver = programAdds ? tags : atTarget;
        return new(atTarget, ridesBeside && atDriver > 0 ? atDriver - 1 : atDriver, programAdds);
    }

    private static string TextOf(int tags, bool programAdds) => tags switch
    {
        0 => "",
        < 0 => $", less the VLAN tag of {EthernetHeader.TagBytes} that an action removes",
        1 => $", and {(programAdds ? "the egress program" : "an action")} adds a second VLAN tag of {EthernetHeader.TagBytes}",
        _ => $", and an action and the egress program add a second VLAN tag and a third, of {EthernetHeader.TagBytes} each",
    };
}
