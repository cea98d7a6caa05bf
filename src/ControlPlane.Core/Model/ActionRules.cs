using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The rules for the actions of an entry.</summary>
public static class ActionRules
{
    /// <summary>The member of a spec that has the actions.</summary>
    public const string Field = "actions";

    /// <summary>The rule for VLAN ids in words, for messages.</summary>
    public const string VlanRule = "must be 1 to 4094";

    private const ushort LeastVlan = 1;
    private const ushort GreatestVlan = 4094;

    private static readonly EntryActions _none = new();

    /// <summary>Returns the field of one action, as REST names it.</summary>
    /// <param name="action">The member of <see cref="EntryActions"/> in camelCase.</param>
    public static string FieldOf(string action) => $"{Field}.{action}";

    /// <summary>Returns the actions; null if there are none: an object without a member that is set is no object.</summary>
    public static EntryActions? OrNull(EntryActions? actions) => actions == _none ? null : actions;

    /// <summary>Adds a violation for each action that no frame can have done to it.</summary>
    /// <param name="actions">The actions; null for none.</param>
    /// <param name="violations">Receives the violations. A field that has one is not checked.</param>
    public static void Check(EntryActions? actions, Violations violations)
    {
        if (actions is null)
            return;
        if (actions.SourceMac is { IsGroup: true })
            Add("sourceMac", "must not be a group address: no station sends from one");
        CheckMac("sourceMac", actions.SourceMac);
        CheckMac("destinationMac", actions.DestinationMac);
        CheckVlan("setVlan", actions.SetVlan);
        CheckVlan("pushVlan", actions.PushVlan);
        string[] tags = [.. TagActionsOf(actions)];
        if (tags.Length > 1)
            violations.Add(Field, $"must have at most one of setVlan, pushVlan and popVlan, not {string.Join(" and ", tags)}");

        void CheckMac(string action, MacAddress? address)
        {
            if (address is { Value: 0 })
                Add(action, "must not be all zeros: no station has that address");
        }

        void CheckVlan(string action, ushort? id)
        {
            if (id is < LeastVlan or > GreatestVlan)
                Add(action, VlanRule);
        }

        void Add(string action, string message)
        {
            if (!violations.Has(FieldOf(action)))
                violations.Add(FieldOf(action), message);
        }
    }

    /// <summary>Returns the names of the given actions on VLAN tags.</summary>
    private static IEnumerable<string> TagActionsOf(EntryActions actions)
    {
        if (actions.SetVlan is not null)
            yield return "setVlan";
        if (actions.PushVlan is not null)
            yield return "pushVlan";
        if (actions.PopVlan)
            yield return "popVlan";
    }

    /// <summary>Returns the actions in words, in the order of the contract: <c>destinationMac 02:00:00:00:00:01, pushVlan 100</c>.</summary>
    public static string Describe(EntryActions actions)
    {
        List<string> words = [];
        if (actions.SourceMac is { } source)
            words.Add($"sourceMac {source}");
        if (actions.DestinationMac is { } destination)
            words.Add($"destinationMac {destination}");
        if (actions.SetVlan is { } set)
            words.Add($"setVlan {set}");
        if (actions.PushVlan is { } push)
            words.Add($"pushVlan {push}");
        if (actions.PopVlan)
            words.Add("popVlan");
        if (actions.DecrementTtl)
            words.Add("decrementTtl");
        return string.Join(", ", words);
    }

    /// <summary>Returns all of the actions that the state of an entry can depend on.</summary>
    public static ActionEffects EffectsOf(EntryActions? actions) => actions is null
        ? ActionEffects.None
        : ActionEffects.Some
            | (actions.SetVlan is null ? ActionEffects.None : ActionEffects.SetsTag)
            | (actions.PushVlan is null ? ActionEffects.None : ActionEffects.AddsTag)
            | (actions.PopVlan ? ActionEffects.RemovesTag : ActionEffects.None);
}

/// <summary>
/// The effects of actions that the state of an entry can depend on. Entries with different addresses and VLAN ids share them, so a million
/// entries have few.
/// </summary>
[Flags]
public enum ActionEffects
{
    /// <summary>There are no actions.</summary>
    None = 0,

    /// <summary>There are actions.</summary>
    Some = 1,

    /// <summary>The VLAN id of the outer tag changes.</summary>
    SetsTag = 2,

    /// <summary>A frame leaves with one VLAN tag more.</summary>
    AddsTag = 4,

    /// <summary>A frame leaves with one VLAN tag less.</summary>
    RemovesTag = 8,

    /// <summary>A frame without a VLAN tag is dropped.</summary>
    NeedTag = SetsTag | RemovesTag,

    /// <summary>The action must see the VLAN tag that a frame has.</summary>
    HandleTags = SetsTag | AddsTag | RemovesTag,
}
