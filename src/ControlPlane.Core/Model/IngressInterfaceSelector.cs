using System.Globalization;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The key is the ifindex of the interface that the frame arrives on.</summary>
/// <remarks>An interface whose name is a number is written <c>if:7</c>.</remarks>
internal sealed class IngressInterfaceSelector() : KeySelector("ingressInterface", 0)
{
    private const string InterfacePrefix = "if:";

    public override bool KeyIsIfindex => true;

    public override bool NeedsAllAddresses => true;

    public override bool HasFewKeys => true;

    public override string Format(EntryKey key) =>
        key.InterfaceName is not { } name ? NumberText(key.Number)
        : name.All(char.IsAsciiDigit) ? InterfacePrefix + name
        : name;

    public override EntryKey Identify(uint kernelKey, InterfaceTable interfaces) =>
        interfaces.Find(kernelKey) is { } ingress ? EntryKey.OfInterface(ingress.Name) : EntryKey.OfNumber(kernelKey);

    public override string? IngressOf(EntryKey key) => key.InterfaceName;

    public override Condition? Unreachable(string devmap, EntryKey key, InterfaceTable interfaces, string? owner = null) =>
        key.InterfaceName is not null || interfaces.Find(key.Number) is not null ? null : ConditionTypes.KeyReachable.False(
            "NoSuchIngress",
            string.Create(CultureInfo.InvariantCulture, $"No interface has the index {key.Number}, so no frame can have this key."),
            CommonRemedies.PutUnderInterface(devmap, Format(key), owner));

    public override FrameFacts FactsOf(EntryKey key, InterfaceTable interfaces) =>
        new(Ingress: key.InterfaceName is { } name ? interfaces.Canonical(name) : interfaces.Find(key.Number)?.Name ?? "");

    public override FieldViolation? Missing(FrameFacts frame) => frame.Ingress is not null
        ? null
        : new("ingress", "is required: the key of this devmap is the interface that a frame arrives on");

    public override (Condition Found, uint? KernelKey) Select(FrameFacts frame, InterfaceTable interfaces) =>
        (ConditionTypes.KeyFound.True("IngressIfindex", $"The key is the ifindex of '{frame.Ingress}'."), interfaces.Find(frame.Ingress!)!.Ifindex);

    protected override EntryKey? ParseText(string text, out string? error)
    {
        var name = text.StartsWith(InterfacePrefix, StringComparison.Ordinal) ? text[InterfacePrefix.Length..] : text;
        var valid = InterfaceName.IsValid(name);
        error = valid ? null : $"the key of this devmap is the name of an ingress interface ('veth1', or 'if:7' for an interface named 7) or a number; a name {InterfaceName.Rule}";
        return valid ? EntryKey.OfInterface(name) : null;
    }
}
