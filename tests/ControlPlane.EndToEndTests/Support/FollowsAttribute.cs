namespace ControlPlane.EndToEndTests.Support;

/// <summary>Says that a test makes the cause of a remedy, follows the remedy to the letter, and sees the change.</summary>
/// <param name="catalogue">The class of the remedy, or of the error that has it.</param>
/// <param name="factory">The method that makes it.</param>
/// <param name="variant">The errno of a refusal whose remedy depends on it; null for all.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class FollowsAttribute(Type catalogue, string factory, string? variant = null) : Attribute
{
    /// <summary>The remedy, for instance <c>CommonRemedies.SetUp</c>.</summary>
    public string Remedy { get; } = $"{catalogue.Name}.{factory}{(variant is null ? "" : $" {variant}")}";
}
